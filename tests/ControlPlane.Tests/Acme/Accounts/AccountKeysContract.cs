using System.Text;
using GrpcCa.ControlPlane.Acme.Accounts;
using GrpcCa.ControlPlane.Acme.Jws;
using GrpcCa.ControlPlane.Provisioners;
using GrpcCa.ControlPlane.Storage;
using GrpcCa.ControlPlane.Tests.Acme.Jws;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrpcCa.ControlPlane.Tests.Acme.Accounts;

/// <summary>What is kept of accounts in memory is as fresh as a read, on every engine; changes come through another store on the same data.</summary>
public abstract class AccountKeysContract : IAsyncLifetime
{
    private static readonly JsonWebKey First = NewKey(), Second = NewKey();

    /// <summary>Every way an account changes, and what its next request must find.</summary>
    private static readonly Dictionary<string, (Func<IStore, Account, Task> Change, Func<AccountKey?, bool> IsSeen)> Changes = new()
    {
        ["deactivated by its client"] = (
            (store, account) => store.WriteAsync(async session => await AccountStore.ReplaceAsync(session, account, account with { Status = AccountStatus.Deactivated }), Cancelled),
            found => found!.Status == AccountStatus.Deactivated),
        ["ended by an operator"] = ((store, account) => Operations(store).DeactivateAsync(account.Id, "operators/one", Cancelled), found => found!.Status == AccountStatus.Revoked),
        ["paused"] = ((store, account) => Operations(store).PauseAsync(account.Id, "write to us", "operators/one", Cancelled), found => found!.PauseMessage == "write to us"),
        ["under another key"] = (
            (store, account) => store.WriteAsync(async session => await AccountStore.ReplaceAsync(session, account, account with { Key = Second }), Cancelled),
            found => found!.Key.Thumbprint == Second.Thumbprint),
        ["revoked because its key is known"] = (
            (store, account) => store.WriteAsync(session => AccountStore.RevokeByKeyAsync(session, account.Key.PublicKey.Sha256), Cancelled),
            found => found!.Status == AccountStatus.Revoked),
        ["revoked with its provisioner"] = (
            (store, _) => store.WriteAsync(session => ProvisionerStore.RevokeClientsAsync(session, "acme"), Cancelled),
            found => found!.Status == AccountStatus.Revoked),
        ["deleted by hand"] = ((store, account) => RunAsync(store, "delete from accounts where id = @id", account.Id), found => found is null),
    };

    private readonly List<IStore> opened = [];
    private StoreOptions options = new();

    public static TheoryData<string> Ways => [.. Changes.Keys];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private protected IStore Store => opened[0];

    public async ValueTask InitializeAsync()
    {
        options = await NewDataAsync();
        opened.Add(await OpenAsync());
    }

    public virtual async ValueTask DisposeAsync()
    {
        foreach (var store in opened) await store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Change_ByAnotherProcess_IsSeenAtOnce(string way)
    {
        var account = await AddAsync("one", First);
        var keys = new AccountKeys(Store);
        Assert.Equal(AccountStatus.Valid, (await keys.FindAsync("one", Cancelled))?.Status);
        var other = await OtherAsync();

        await Changes[way].Change(other, account);

        Assert.True(Changes[way].IsSeen(await keys.FindAsync("one", Cancelled)));
        Assert.True(Changes[way].IsSeen(await keys.FindAsync("one", Cancelled)));
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task Change_BetweenTheReadingOfTheRowAndItsKeeping_IsSeenByTheNext(string way)
    {
        var account = await AddAsync("one", First);
        var other = await OtherAsync();
        var meddled = false;
        var keys = new AccountKeys(new WatchedStore(Store)
        {
            AfterRow = async () =>
            {
                if (!meddled) await Changes[way].Change(other, account);
                meddled = true;
            },
        });

        Assert.False(Changes[way].IsSeen(await keys.FindAsync("one", Cancelled)));
        Assert.True(Changes[way].IsSeen(await keys.FindAsync("one", Cancelled)));
    }

    [Fact]
    public async Task Account_ThatIsKept_IsNotReadAgain_UntilOneChanges()
    {
        await AddAsync("one", First);
        var two = await AddAsync("two", Second);
        var watched = new WatchedStore(Store);
        var keys = new AccountKeys(watched);
        var before = await keys.FindAsync("one", Cancelled);

        Assert.Same(before, await keys.FindAsync("one", Cancelled));
        await AddAsync("three", NewKey());
        Assert.Same(before, await keys.FindAsync("one", Cancelled));
        Assert.Equal(1, watched.RowsRead);

        await Changes["deactivated by its client"].Change(await OtherAsync(), two);
        var after = await keys.FindAsync("one", Cancelled);

        Assert.Equal(2, watched.RowsRead);
        // The key is the account's still: it is not imported again.
        Assert.Same(before!.Key, after!.Key);
    }

    [Fact]
    public async Task Call_KeepsTheNumberItRead_UntilItWrites()
    {
        var account = await AddAsync("one", First);
        var keys = new AccountKeys(Store);
        using var call = CallGeneration.Begin();
        Assert.Equal(First.Thumbprint, (await keys.FindAsync("one", Cancelled))!.Key.Thumbprint);

        await Changes["under another key"].Change(Store, account);

        Assert.Equal(Second.Thumbprint, (await keys.FindAsync("one", Cancelled))!.Key.Thumbprint);
    }

    [Fact]
    public async Task Account_ThatIsNotThere_IsNotKept()
    {
        var keys = new AccountKeys(Store);
        Assert.Null(await keys.FindAsync("one", Cancelled));

        await AddAsync("one", First);

        Assert.NotNull(await keys.FindAsync("one", Cancelled));
    }

    [Fact]
    public async Task Accounts_MoreThanAreKept_AreAllFound()
    {
        var keys = new AccountKeys(Store) { MostAccounts = 3 };
        for (var i = 0; i < 10; i++) await AddAsync($"a{i}", NewKey());

        for (var i = 0; i < 20; i++)
        {
            Assert.Equal($"a{i % 10}", (await keys.FindAsync($"a{i % 10}", Cancelled))!.AccountId);
            Assert.InRange(keys.Count, 1, 3);
        }
    }

    // A column that requests are checked with and that no trigger watches fails here.
    [Fact]
    public async Task EveryColumnThatIsKept_RaisesTheNumberWhenItChanges()
    {
        await AddAsync("one", First);
        var (before, columns) = ((await Store.ReadGenerationAsync(Cancelled)).Accounts, AccountStore.KeyColumns.Split(", ").Append("id").ToList());

        foreach (var column in columns)
        {
            await RunAsync(await OtherAsync(), $"update accounts set {column} = coalesce({column}, '') || 'x' where id = @id", "one");
            Assert.Equal(++before, (await Store.ReadGenerationAsync(Cancelled)).Accounts);
        }
    }

    [Fact]
    public async Task WhatNoRequestIsCheckedWith_RaisesNothing()
    {
        var before = await Store.ReadGenerationAsync(Cancelled);

        var account = await AddAsync("one", First);
        await Store.WriteAsync(async session => await AccountStore.ReplaceAsync(session, account, account with { Contacts = ["mailto:a@b.test"], TermsAgreed = true }), Cancelled);
        await Store.WriteAsync(session => AccountStore.RevokeByKeyAsync(session, Second.PublicKey.Sha256), Cancelled);

        Assert.Equal(before, await Store.ReadGenerationAsync(Cancelled));
    }

    [Fact]
    public async Task Change_OfAnAccount_LeavesTheConfigurationsNumberAsItIs()
    {
        var account = await AddAsync("one", First);
        var before = await Store.ReadGenerationAsync(Cancelled);

        await Changes["under another key"].Change(Store, account);

        Assert.Equal(before with { Accounts = before.Accounts + 1 }, await Store.ReadGenerationAsync(Cancelled));
    }

    [Fact]
    public async Task Changes_OfManyAccountsAtOnce_AreAllMade()
    {
        var accounts = new List<Account>();
        for (var i = 0; i < 12; i++) accounts.Add(await AddAsync($"a{i}", NewKey()));
        var before = (await Store.ReadGenerationAsync(Cancelled)).Accounts;

        await Task.WhenAll(accounts.Select(account => Task.Run(() => Changes["deactivated by its client"].Change(Store, account))));

        Assert.Equal(before + accounts.Count, (await Store.ReadGenerationAsync(Cancelled)).Accounts);
    }

    private protected abstract Task<StoreOptions> NewDataAsync();

    /// <summary>Another process on the same data; the same one where no other may be.</summary>
    private protected virtual async Task<IStore> OtherAsync()
    {
        if (opened.Count == 1) opened.Add(await OpenAsync());
        return opened[1];
    }

    private static JsonWebKey NewKey() => JsonWebKey.Parse(Encoding.UTF8.GetBytes(ClientKey.Es256().Jwk), "jwk", new JwsLimits());

    private static AccountOperations Operations(IStore store) => new(store, TimeProvider.System);

    private static Task<int> RunAsync(IStore store, string text, string id) => store.WriteAsync(session => session.Sql(text).With("@id", id).ExecuteAsync(), Cancelled);

    private Task<IStore> OpenAsync() => StoreFactory.OpenAsync(options, TimeProvider.System, NullLoggerFactory.Instance, Cancelled);

    private Task<Account> AddAsync(string id, JsonWebKey key)
    {
        var account = new Account { Id = id, ProvisionerId = "acme", Key = key, CreatedAt = DateTimeOffset.UnixEpoch, Version = 1 };
        return Store.WriteAsync(async session =>
        {
            Assert.Equal(1, await AccountStore.InsertAsync(session, account));
            return account;
        }, Cancelled);
    }
}
