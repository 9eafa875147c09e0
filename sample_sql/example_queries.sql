-- What to try after a login, e.g. `wsql -f sample_sql/example_queries.sql`.

-- Who am I? On PostgreSQL the login is temporary, and acts as the person.
SELECT current_user, session_user;

-- For the group sales.
SELECT id, product, sales_amount FROM sales_schema.store_sales ORDER BY id;
SELECT sum(sales_amount) AS total FROM sales_schema.store_sales;

-- For the group finance; anybody else is refused: permission denied.
SELECT account, customer, salesamt FROM finance_schema.revenue ORDER BY salesamt DESC;
