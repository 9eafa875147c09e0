-- The sample warehouse for Amazon Redshift: two schemas, two database roles named like the groups of the identity
-- provider. Run it once, as a superuser. Redshift keeps no primary key, so a second run would double the rows.

CREATE SCHEMA IF NOT EXISTS finance_schema;

CREATE TABLE IF NOT EXISTS finance_schema.revenue (
    account  integer       ENCODE az64,
    customer varchar(20)   ENCODE lzo,
    salesamt numeric(18, 0) ENCODE az64
) DISTSTYLE AUTO;

INSERT INTO finance_schema.revenue (account, customer, salesamt)
VALUES (10001, 'ABC Company', 12000),
       (10002, 'Tech Logistics', 175400),
       (10003, 'XYZ Industry', 24355),
       (10004, 'The tax experts', 186577);

CREATE SCHEMA IF NOT EXISTS sales_schema;

CREATE TABLE IF NOT EXISTS sales_schema.store_sales (
    id           integer     ENCODE az64,
    product      varchar(20) ENCODE lzo,
    sales_amount integer     ENCODE az64
) DISTSTYLE AUTO;

INSERT INTO sales_schema.store_sales (id, product, sales_amount)
VALUES (1, 'product1', 1000),
       (2, 'product2', 2000),
       (3, 'product3', 3000),
       (4, 'product4', 4000);

CREATE ROLE sales;
GRANT USAGE ON SCHEMA sales_schema TO ROLE sales;
GRANT SELECT ON ALL TABLES IN SCHEMA sales_schema TO ROLE sales;

CREATE ROLE finance;
GRANT USAGE ON SCHEMA finance_schema TO ROLE finance;
GRANT SELECT ON ALL TABLES IN SCHEMA finance_schema TO ROLE finance;
