package dev.elbo.cli;

import dev.elbo.runtime.file.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A browser without a window, driven over its DevTools protocol: one tab, what it asks for and what it complains of.
public final class Chromium implements AutoCloseable {
    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome", "chrome");
    private static final Pattern LISTENING = Pattern.compile("DevTools listening on (ws://\\S+)");
    private static final int PATIENCE_SECONDS = 60;

    private final Process process;
    private final WebSocket socket;
    private final Map<Integer, CompletableFuture<Json.Members>> asked = new ConcurrentHashMap<>();
    private final AtomicInteger last = new AtomicInteger();
    private final List<String> complaints = Collections.synchronizedList(new ArrayList<>());
    private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
    private volatile CompletableFuture<Void> loaded = new CompletableFuture<>();
    private final String session;

    private Chromium(Process process, String address) {
        this.process = process;
        this.socket = HttpClient.newHttpClient()
                .newWebSocketBuilder()
                .buildAsync(URI.create(address), new Listener())
                .orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS)
                .join();
        String target = text(send(null, "Target.createTarget", Map.of("url", "about:blank")), "targetId");
        this.session =
                text(send(null, "Target.attachToTarget", Map.of("targetId", target, "flatten", true)), "sessionId");
        for (String domain : List.of("Page", "Runtime", "Network", "Log")) {
            send(session, domain + ".enable", Map.of());
        }
    }

    /// The browser of this machine.
    public static Optional<Path> find() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(":"))
                .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /// @param browser from [#find]
    /// @param profile an empty folder
    public static Chromium open(Path browser, Path profile) throws IOException {
        ProcessBuilder command = new ProcessBuilder(
                        browser.toString(),
                        "--headless=new",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + profile,
                        "--no-sandbox",
                        "--no-first-run",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--disable-extensions",
                        "--disable-sync",
                        "--disable-component-update",
                        "--disable-background-networking",
                        "--hide-scrollbars",
                        "about:blank")
                .redirectErrorStream(true);
        // What it leaves behind when it is ended lies in the profile, and goes with it.
        command.environment().put("TMPDIR", Files.createDirectories(profile).toString());
        Process process = command.start();
        BufferedReader said =
                new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        StringBuilder all = new StringBuilder();
        for (String line = said.readLine(); line != null; line = said.readLine()) {
            Matcher matcher = LISTENING.matcher(line);
            if (matcher.find()) {
                // Whatever it says later must be taken from it, or it waits.
                Thread.ofPlatform().daemon().start(() -> said.lines().forEach(_ -> {}));
                return new Chromium(process, matcher.group(1));
            }
            all.append(line).append('\n');
        }
        throw new IOException("the browser ended before it listened: " + all);
    }

    /// The size of the window, in CSS pixels, and the colours that the person prefers.
    public void window(int width, int height, boolean dark) {
        send(
                session,
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 600));
        send(
                session,
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
    }

    /// Loads a page and waits until it has loaded.
    public void visit(URI address) {
        loaded = new CompletableFuture<>();
        send(session, "Page.navigate", Map.of("url", address.toString()));
        loaded.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }

    /// The value of an expression; of a promise, what it comes to.
    public Json evaluate(String expression) {
        Json.Members answer = send(
                session,
                "Runtime.evaluate",
                Map.of("expression", expression, "awaitPromise", true, "returnByValue", true));
        if (answer.values().containsKey("exceptionDetails")) {
            throw new AssertionError("in the page: " + answer.compact());
        }
        return ((Json.Members) answer.values().get("result")).values().getOrDefault("value", Json.NOTHING);
    }

    /// The number that an expression comes to.
    public double number(String expression) {
        return ((Json.Number) evaluate(expression)).value().doubleValue();
    }

    /// Waits until an expression is true.
    public void await(String condition) {
        evaluate("""
                new Promise((resolve, reject) => {
                  const began = performance.now();
                  const look = () => {
                    if (%s) resolve(true);
                    else if (performance.now() - began > 30000) reject(new Error('never: ' + %s));
                    else setTimeout(look, 5);
                  };
                  look();
                })""".formatted(condition, Json.of(condition).compact()));
    }

    /// The whole page as a PNG.
    public byte[] picture() {
        Json.Members answer =
                send(session, "Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true));
        return Base64.getDecoder().decode(text(answer, "data"));
    }

    /// Forgets complaints and requests.
    public void forget() {
        complaints.clear();
        requests.clear();
    }

    /// Errors on the console, exceptions of scripts, and requests that failed.
    public List<String> complaints() {
        return List.copyOf(complaints);
    }

    /// Addresses that the tab has asked for.
    public List<String> requests() {
        return List.copyOf(requests);
    }

    @Override
    public void close() throws IOException {
        socket.abort();
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        try {
            process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Json.Members send(String to, String method, Map<String, ?> parameters) {
        int id = last.incrementAndGet();
        CompletableFuture<Json.Members> answer = new CompletableFuture<>();
        asked.put(id, answer);
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("id", id);
        message.put("method", method);
        message.put("params", parameters);
        if (to != null) {
            message.put("sessionId", to);
        }
        synchronized (this) {
            socket.sendText(Json.of(message).compact(), true).join();
        }
        return answer.orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
    }

    private static String text(Json.Members members, String name) {
        return ((Json.Text) members.values().get(name)).value();
    }

    private void heard(String text) {
        Map<String, Json> message = ((Json.Members) Json.parse(text, "browser")).values();
        if (message.get("id") instanceof Json.Number(BigDecimal id)) {
            CompletableFuture<Json.Members> answer = asked.remove(id.intValue());
            if (message.get("result") instanceof Json.Members result) {
                answer.complete(result);
            } else {
                answer.completeExceptionally(new AssertionError("the browser refused: " + text));
            }
            return;
        }
        Json.Members what = (Json.Members) message.getOrDefault("params", new Json.Members(Map.of()));
        switch (text(new Json.Members(message), "method")) {
            case "Page.loadEventFired" -> loaded.complete(null);
            case "Network.requestWillBeSent" ->
                requests.add(text((Json.Members) what.values().get("request"), "url"));
            case "Network.loadingFailed", "Runtime.exceptionThrown" -> complaints.add(what.compact());
            case "Log.entryAdded" -> {
                Json.Members entry = (Json.Members) what.values().get("entry");
                if (!text(entry, "level").equals("verbose")
                        && !text(entry, "level").equals("info")) {
                    complaints.add(entry.compact());
                }
            }
            case "Runtime.consoleAPICalled" -> {
                if (List.of("error", "warning", "assert").contains(text(what, "type"))) {
                    complaints.add(what.compact());
                }
            }
            default -> {
                // everything else is progress of the browser
            }
        }
    }

    private final class Listener implements WebSocket.Listener {
        private final StringBuilder text = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence data, boolean end) {
            text.append(data);
            if (end) {
                heard(text.toString());
                text.setLength(0);
            }
            from.request(1);
            return null;
        }
    }
}
