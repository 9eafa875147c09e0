-- The sample warehouse for PostgreSQL: two schemas, two database roles named like the groups of the identity provider.
-- Run it as an administrator, as often as you like: what is there already stays.

CREATE SCHEMA IF NOT EXISTS finance_schema;

CREATE TABLE IF NOT EXISTS finance_schema.revenue (
    account  integer PRIMARY KEY,
    customer varchar(20) NOT NULL,
    salesamt numeric(18, 0) NOT NULL
);

INSERT INTO finance_schema.revenue (account, customer, salesamt)
VALUES (10001, 'ABC Company', 12000),
       (10002, 'Tech Logistics', 175400),
       (10003, 'XYZ Industry', 24355),
       (10004, 'The tax experts', 186577)
ON CONFLICT (account) DO NOTHING;

CREATE SCHEMA IF NOT EXISTS sales_schema;

CREATE TABLE IF NOT EXISTS sales_schema.store_sales (
    id           integer PRIMARY KEY,
    product      varchar(20) NOT NULL,
    sales_amount integer NOT NULL
);

INSERT INTO sales_schema.store_sales (id, product, sales_amount)
VALUES (1, 'product1', 1000),
       (2, 'product2', 2000),
       (3, 'product3', 3000),
       (4, 'product4', 4000)
ON CONFLICT (id) DO NOTHING;

-- PostgreSQL has no CREATE ROLE IF NOT EXISTS.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'sales') THEN
        CREATE ROLE sales NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'finance') THEN
        CREATE ROLE finance NOLOGIN;
    END IF;
END
$$;

GRANT USAGE ON SCHEMA sales_schema TO sales;
GRANT SELECT ON ALL TABLES IN SCHEMA sales_schema TO sales;

GRANT USAGE ON SCHEMA finance_schema TO finance;
GRANT SELECT ON ALL TABLES IN SCHEMA finance_schema TO finance;
