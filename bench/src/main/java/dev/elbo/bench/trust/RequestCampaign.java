package dev.elbo.bench.trust;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.SplittableRandom;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Requests that are nearly good, given to the page of `elbo explore`, and clients that stop in the middle.
///
/// The page may answer, refuse with a status of 4xx, or hang up on what is no HTTP. It may not answer 500, keep a
/// client waiting, show anything to who does not know the token, or end. The requests follow from the seed.
public final class RequestCampaign {
    /// What came of it.
    ///
    /// @param inputs   requests sent
    /// @param answered with 200
    /// @param refused  with another status
    /// @param dropped  connections that it closed without a word
    /// @param slowest  seconds of the slowest answer
    /// @param problems what was not as it should be, in words
    public record Outcome(int inputs, int answered, int refused, int dropped, double slowest, List<String> problems) {}

    private static final int PIXELS = 64;
    private static final int MOST_MILLISECONDS = 20_000;
    private static final int SLOW_CLIENTS = 20;
    private static final Pattern OPEN = Pattern.compile("open {2}(\\S+)");
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] (\\d{3}) ");

    private final List<String> problems = new ArrayList<>();
    private URI page;
    private int answered;
    private int refused;
    private int dropped;
    private double slowest;

    /// Tries a good request, so many bad ones, slow clients, and a good one again.
    ///
    /// @param temporary an empty folder
    public Outcome run(int inputs, long seed, Path temporary) throws IOException, InterruptedException {
        Path run = temporary.resolve("explored");
        try (Victim training = Victim.elbo(
                "train", "vae", "--hidden", 3, "--latent", 2, "--epochs", 1, "--device", "cpu", "--out", run)) {
            if (training.end() != 0) {
                throw new IllegalStateException("RequestCampaign: no run to explore: " + training.said());
            }
        }
        try (Victim explore = Victim.elbo("explore", run, "--device", "cpu")) {
            page = URI.create(explore.find(OPEN));
            checkServes("at first");
            for (int input = 0; input < inputs; input++) {
                SplittableRandom random = new SplittableRandom(seed + input);
                byte[] request = request(random);
                judge(request, ask(request), seed + input);
            }
            try (SlowClients _ = new SlowClients()) {
                checkServes("beside " + SLOW_CLIENTS + " clients that stop in the middle");
            }
            checkServes("in the end");
        }
        return new Outcome(inputs, answered, refused, dropped, slowest, List.copyOf(problems));
    }

    /// Clients that begin a request, or its body, and never go on.
    private final class SlowClients implements AutoCloseable {
        private final List<Socket> sockets = new ArrayList<>();

        private SlowClients() throws IOException {
            for (int client = 0; client < SLOW_CLIENTS; client++) {
                Socket socket = connect();
                String head = "POST " + page.getRawPath() + "describe HTTP/1.1\r\nHost: " + page.getAuthority();
                String begun = client % 2 == 0 ? head : head + "\r\nContent-Length: 1000\r\n\r\n{";
                socket.getOutputStream().write(begun.getBytes(StandardCharsets.US_ASCII));
                sockets.add(socket);
            }
        }

        @Override
        public void close() throws IOException {
            for (Socket socket : sockets) {
                socket.close();
            }
        }
    }

    /// A request of which something is wrong.
    private byte[] request(SplittableRandom random) {
        Mutator mutator = new Mutator(random);
        byte[] body = question(random);
        String path = page.getRawPath() + path(random);
        String host = page.getAuthority();
        int said = 0;
        switch (random.nextInt(7)) {
            case 0 -> body = mutator.change(body);
            case 1 -> path = text(mutator.change(bytes(path)));
            case 2 -> host = text(mutator.change(bytes(host)));
            case 3 -> path = path.replaceFirst("/[^/]*", "/" + random.nextLong());
            case 4 -> body = new byte[(1 << 20) + random.nextInt(3)];
            case 5 -> said = random.nextInt(-2, 1 << 21);
            default -> {
                // nothing but what the method and the head may suffer
            }
        }
        String head = "POST " + path + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\nContent-Length: "
                + (body.length + said) + "\r\n\r\n";
        if (random.nextInt(4) == 0) {
            head = head.replaceFirst("POST", "GET");
        }
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(random.nextInt(4) == 0 ? mutator.change(bytes(head)) : bytes(head));
        request.writeBytes(body);
        return request.toByteArray();
    }

    private static String path(SplittableRandom random) {
        String[] paths = {
            "",
            "explore.js",
            "explore.css",
            "describe",
            "ask/decode",
            "ask/encode",
            "ask/plane",
            "ask/impute",
            "../../etc/passwd",
            "%2e%2e/%2e%2e/etc/passwd",
            "ask/../describe",
            "ask/decode?x=1",
            "//"
        };
        return paths[random.nextInt(paths.length)];
    }

    private static byte[] question(SplittableRandom random) {
        String picture = Base64.getEncoder().encodeToString(new byte[PIXELS]);
        String[] questions = {
            "{\"z\":[0.5,-1]}",
            "{\"picture\":\"" + picture + "\"}",
            "{\"z\":[0,0],\"across\":0,\"up\":1,\"side\":3,\"reach\":[2]}",
            "{\"picture\":\"" + picture + "\",\"mask\":\"" + picture + "\",\"at\":3}"
        };
        return bytes(questions[random.nextInt(questions.length)]);
    }

    /// What came back, and after how long.
    private record Answer(String text, double seconds, boolean late) {}

    private Answer ask(byte[] request) throws IOException {
        long began = System.nanoTime();
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        boolean late = false;
        try (Socket socket = connect()) {
            socket.getOutputStream().write(request);
            socket.shutdownOutput();
            byte[] some = new byte[8192];
            for (int n = socket.getInputStream().read(some);
                    n >= 0;
                    n = socket.getInputStream().read(some)) {
                answer.write(some, 0, n);
            }
        } catch (SocketTimeoutException _) {
            late = true;
        } catch (IOException _) {
            // It hung up on a request that it did not want to read to the end.
        }
        return new Answer(answer.toString(StandardCharsets.ISO_8859_1), (System.nanoTime() - began) * 1e-9, late);
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), page.getPort());
        socket.setSoTimeout(MOST_MILLISECONDS);
        return socket;
    }

    private void judge(byte[] request, Answer answer, long seed) {
        slowest = Math.max(slowest, answer.seconds);
        Matcher status = STATUS.matcher(answer.text);
        if (answer.late) {
            problems.add("seed " + seed + ": no answer within " + MOST_MILLISECONDS + " ms");
        } else if (!status.lookingAt()) {
            dropped++;
        } else if (status.group(1).equals("200")) {
            answered++;
            if (!text(request).contains(page.getRawPath())) {
                problems.add("seed " + seed + ": an answer for who does not know the token");
            }
        } else {
            refused++;
            if (status.group(1).equals("500")) {
                problems.add("seed " + seed + ": an internal error: "
                        + answer.text.lines().toList().getLast());
            }
        }
    }

    private void checkServes(String when) throws IOException {
        String request = "GET " + page.getRawPath() + " HTTP/1.1\r\nHost: " + page.getAuthority()
                + "\r\nConnection: close\r\n\r\n";
        Answer answer = ask(bytes(request));
        if (answer.late || !answer.text.startsWith("HTTP/1.1 200 ") || !answer.text.contains("<html")) {
            problems.add("the page is not served " + when + ": "
                    + answer.text.lines().findFirst());
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
