import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;

/** Files, threads and garbage, until SIGTERM. */
public class Server {
    static void answer(HttpExchange exchange, byte[] body) throws IOException {
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    static void work(HttpExchange exchange) throws IOException {
        List<byte[]> kept = new ArrayList<>();
        long made = 0;
        for (int i = 0; i < 3000; i++) {
            byte[] block = new byte[20000];
            made += block.length;
            if (i % 10 == 0) {
                kept.add(block);
            }
        }
        int sum = IntStream.range(0, 100_000).parallel().map(i -> i % 7).sum();
        System.gc();
        answer(exchange, (made + " " + kept.size() + " " + sum + "\n").getBytes());
    }

    public static void main(String[] arguments) throws IOException {
        int port = Integer.parseInt(arguments[0]);
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.setExecutor(Executors.newFixedThreadPool(4));
        server.createContext("/work", Server::work);
        server.createContext(
                "/big", exchange -> answer(exchange, Files.readAllBytes(Path.of("/srv/www/big"))));
        server.createContext("/index.html", exchange -> answer(exchange, "hello from java\n".getBytes()));
        server.start();
    }
}
