// Speaks to a warehouse as programs on pgjdbc do, and prints what it saw, a line a fact. Run as a single source file.
// Arguments: URL, user and password ("" for none), the table that may be read, the table that may not.

import java.io.StringReader;
import java.io.StringWriter;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

public class Pgjdbc {
    public static void main(String[] arguments) throws Exception {
        Properties properties = new Properties();
        if (!arguments[1].isEmpty()) properties.setProperty("user", arguments[1]);
        if (!arguments[2].isEmpty()) properties.setProperty("password", arguments[2]);
        try (Connection connection = DriverManager.getConnection(arguments[0], properties)) {
            who(connection);
            prepared(connection, arguments[3]);
            copy(connection);
            cancel(connection);
            refused(connection, arguments[4]);
            System.out.println("alive " + connection.isValid(5));
        }
    }

    static void who(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT current_user")) {
            rows.next();
            System.out.println("who " + rows.getString(1));
        }
    }

    // The driver turns to a named server-side statement at the fifth execution.
    static void prepared(Connection connection, String table) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement("SELECT amount + ? FROM " + table)) {
            int sum = 0;
            for (int number = 0; number < 8; number++) {
                statement.setInt(1, number);
                try (ResultSet rows = statement.executeQuery()) {
                    rows.next();
                    sum += rows.getInt(1);
                }
            }
            System.out.println("prepared " + sum);
        }
    }

    static void copy(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TEMP TABLE copied (number int, text text)");
        }
        CopyManager copies = connection.unwrap(PGConnection.class).getCopyAPI();
        StringBuilder rows = new StringBuilder();
        for (int number = 0; number < 20000; number++) rows.append(number).append("\tgr\u00fc\u00dfe\n");
        long in = copies.copyIn("COPY copied FROM STDIN", new StringReader(rows.toString()));
        StringWriter out = new StringWriter();
        copies.copyOut("COPY copied TO STDOUT", out);
        System.out.println("copied " + in + " " + out.toString().equals(rows.toString()));
    }

    static void cancel(Connection connection) throws Exception {
        try (Statement statement = connection.createStatement()) {
            Thread canceller = new Thread(() -> {
                try {
                    for (int times = 0; times < 100; times++) {
                        Thread.sleep(100);
                        statement.cancel();
                    }
                } catch (SQLException | InterruptedException ended) {
                    // The statement is over.
                }
            });
            canceller.start();
            try {
                statement.execute("SELECT pg_sleep(60)");
                System.out.println("cancelled never");
            } catch (SQLException cancelled) {
                System.out.println("cancelled " + cancelled.getSQLState());
            }
            canceller.interrupt();
            canceller.join();
        }
    }

    static void refused(Connection connection, String table) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SELECT * FROM " + table);
            System.out.println("refused never");
        } catch (SQLException refusal) {
            System.out.println("refused " + refusal.getSQLState() + " " + refusal.getMessage().split("\n")[0]);
        }
    }
}
