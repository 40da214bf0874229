package dev.elbo.cli.explore;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.elbo.cli.report.Page;
import dev.elbo.runtime.file.BadInputException;
import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/// Serves the page and its questions to this machine alone.
///
/// ```
/// GET  /TOKEN/            the page; /TOKEN/explore.css, /TOKEN/explore.js
/// POST /TOKEN/describe    what the page needs to build itself
/// POST /TOKEN/ask/NAME    a question, JSON to JSON
/// ```
///
/// It listens on the loopback address, and knows three things by which somebody else's page in the same browser fails:
/// a random token in the address, the name of the host that was asked for (a foreign name that was bent to this
/// machine is refused), and a content security policy that lets nothing in or out. What is served is a fixed table; no
/// path of a request ever reaches the file system.
public final class ExploreServer implements AutoCloseable {
    private static final int LARGEST_QUESTION = 1 << 20;
    private static final int LONGEST_PATH = 256;
    private static final int TOKEN_BYTES = 16;
    private static final int MOST_SECONDS = 30;
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:"
            + " blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private final HttpServer server;
    // One for each request: who sends half of one and stops keeps nobody else waiting.
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final DeviceQueue queue = new DeviceQueue();
    private final String token;
    private final Set<String> hosts;
    private final Exhibit exhibit;
    private final Map<String, String> title;
    private final PrintWriter log;
    private final Map<String, Reply> pages = new LinkedHashMap<>();

    /// One answer to a request.
    private record Reply(int status, String type, byte[] body) {
        static Reply text(int status, String text) {
            return new Reply(status, "text/plain; charset=utf-8", (text + "\n").getBytes(StandardCharsets.UTF_8));
        }

        static Reply json(int status, Json json) {
            return new Reply(status, "application/json", json.compact().getBytes(StandardCharsets.UTF_8));
        }
    }

    private ExploreServer(HttpServer server, Exhibit exhibit, Map<String, String> title, PrintWriter log) {
        this.server = server;
        this.exhibit = exhibit;
        this.title = title;
        this.log = log;
        byte[] random = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(random);
        this.token = Base64.getUrlEncoder().withoutPadding().encodeToString(random);
        int port = server.getAddress().getPort();
        this.hosts = Set.of("127.0.0.1:" + port, "localhost:" + port, "[::1]:" + port);
        pages.put("", new Reply(200, "text/html; charset=utf-8", resource("explore.html")));
        pages.put("explore.js", new Reply(200, "text/javascript; charset=utf-8", resource("explore.js")));
        String style = Page.palette() + new String(resource("explore.css"), StandardCharsets.UTF_8);
        pages.put("explore.css", new Reply(200, "text/css; charset=utf-8", style.getBytes(StandardCharsets.UTF_8)));
    }

    /// Begins to listen. Questions wait until [#serve] is called.
    ///
    /// @param port  to listen on; 0 for any that is free
    /// @param title texts over the page, `name` and `summary`
    /// @param log   told of what should not have happened
    public static ExploreServer start(int port, Exhibit exhibit, Map<String, String> title, PrintWriter log) {
        // Head and body of an answer leave in two packets, and the second would wait 40 ms for word of the first.
        System.setProperty("sun.net.httpserver.nodelay", "true");
        System.setProperty("sun.net.httpserver.maxReqTime", String.valueOf(MOST_SECONDS));
        InetSocketAddress place = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        HttpServer server;
        try {
            server = HttpServer.create(place, 0);
        } catch (IOException e) {
            throw new BadInputException("--port " + port, "cannot be listened on: " + e.getMessage(), "name another");
        }
        ExploreServer explore = new ExploreServer(server, exhibit, title, log);
        server.createContext("/", explore::handle);
        server.setExecutor(explore.threads);
        server.start();
        return explore;
    }

    /// Where the page is.
    public URI address() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/" + token + "/");
    }

    /// Answers questions on this thread, which must be the one that opened the exhibit's device, until [#end]
    /// or until it is interrupted.
    public void serve() {
        queue.serve();
    }

    /// Ends [#serve]. May be called by any thread, and more than once.
    public void end() {
        queue.end();
    }

    @Override
    public void close() {
        queue.end();
        server.stop(0);
        threads.shutdownNow();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            Reply reply = reply(exchange);
            Headers headers = exchange.getResponseHeaders();
            headers.set("Content-Type", reply.type);
            headers.set("Content-Security-Policy", POLICY);
            headers.set("X-Content-Type-Options", "nosniff");
            headers.set("Referrer-Policy", "no-referrer");
            headers.set("Cross-Origin-Resource-Policy", "same-origin");
            headers.set("Cache-Control", "no-store");
            exchange.sendResponseHeaders(reply.status, reply.body.length);
            exchange.getResponseBody().write(reply.body);
        }
    }

    private Reply reply(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getRawPath();
        String host = exchange.getRequestHeaders().getFirst("Host");
        if (host == null || !hosts.contains(host)) {
            return Reply.text(403, "This page is for its own machine.");
        }
        if (path == null || path.length() > LONGEST_PATH || !known(path)) {
            return Reply.text(403, "The address is not whole: copy it again from where elbo explore printed it.");
        }
        String rest = path.substring(token.length() + 2);
        return switch (exchange.getRequestMethod()) {
            case "GET" -> pages.getOrDefault(rest, Reply.text(404, "There is nothing here."));
            case "POST" -> posted(rest, exchange.getRequestBody());
            default -> Reply.text(405, "Pages are fetched, questions are posted.");
        };
    }

    /// Compared in constant time, so that nobody can feel their way along the token.
    private boolean known(String path) {
        byte[] wanted = ("/" + token + "/").getBytes(StandardCharsets.US_ASCII);
        byte[] given = path.substring(0, Math.min(path.length(), wanted.length)).getBytes(StandardCharsets.UTF_8);
        return MessageDigest.isEqual(wanted, given);
    }

    private Reply posted(String rest, InputStream body) throws IOException {
        byte[] bytes = body.readNBytes(LARGEST_QUESTION + 1);
        if (bytes.length > LARGEST_QUESTION) {
            return Reply.text(413, "A question has at most " + LARGEST_QUESTION + " bytes.");
        }
        try {
            if (rest.equals("describe")) {
                return Reply.json(200, description());
            }
            if (rest.startsWith("ask/")) {
                Question question = Question.parse(new String(bytes, StandardCharsets.UTF_8));
                String name = rest.substring("ask/".length());
                return Reply.json(200, queue.ask(() -> exhibit.answer(name, question)));
            }
            return Reply.text(404, "There is nothing here.");
        } catch (BadInputException e) {
            return Reply.json(400, Json.of(Map.of("error", e.getMessage())));
        } catch (InterruptedException | CancellationException _) {
            return Reply.text(503, "elbo explore is ending.");
        } catch (RuntimeException e) {
            log.println("elbo: a question failed: " + e);
            return Reply.json(500, Json.of(Map.of("error", "an internal error; the command says more")));
        }
    }

    private Json description() throws InterruptedException {
        Map<String, Json> all =
                new LinkedHashMap<>(queue.ask(exhibit::description).values());
        title.forEach((name, text) -> all.put(name, Json.of(text)));
        return new Json.Members(all);
    }

    private static byte[] resource(String name) {
        try (InputStream in = ExploreServer.class.getResourceAsStream(name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new IllegalStateException("explore: the page is not in the jar; name=" + name, e);
        }
    }
}
