-- A plan names its order, which is found by that.
drop index orders_by_plan;
