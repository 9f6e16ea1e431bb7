// A Java virtual machine: threads, a collection of garbage, a file, a child process.
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.ArrayList;

public class Virtual {
    public static void main(String[] arguments) throws Exception {
        var pool = Executors.newFixedThreadPool(8);
        var futures = new ArrayList<Future<Integer>>();
        for (int i = 0; i < 64; i++) {
            final int number = i;
            futures.add(pool.submit(() -> new byte[100_000 + number].length));
        }
        int sum = 0;
        for (var future : futures) {
            sum += future.get();
        }
        pool.shutdown();
        System.gc();
        System.out.println("sum " + sum);
        Files.writeString(Path.of("file"), "text");
        System.out.println("file " + Files.readString(Path.of("file")));
        var child = new ProcessBuilder("echo", "child").inheritIO().start();
        System.exit(child.waitFor() + 4);
    }
}
