package dev.elbo.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.file.Json;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What `elbo explore` answers, asked as its page asks; and what it refuses.
class ExploreTest {
    private static final int PIXELS = 64;

    @TempDir
    static Path folder;

    private static Path vae;
    private static Path rbm;
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @BeforeAll
    static void train() {
        vae = folder.resolve("vae");
        rbm = folder.resolve("rbm");
        Object[] brief = {"--epochs", 1, "--hidden", 16, "--device", "cpu"};
        trained(vae, brief, "vae", "--latent", 3);
        trained(rbm, brief, "rbm");
    }

    private static void trained(Path run, Object[] brief, Object... model) {
        Object[] words = new Object[1 + model.length + brief.length + 2];
        words[0] = "train";
        System.arraycopy(model, 0, words, 1, model.length);
        System.arraycopy(brief, 0, words, 1 + model.length, brief.length);
        words[words.length - 2] = "--out";
        words[words.length - 1] = run;
        Session.Seen seen = Session.run(words);
        assertEquals(0, seen.code(), seen.err());
    }

    private static HttpResponse<String> post(URI page, String path, String body) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(page.resolve(path))
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return CLIENT.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private static Map<String, Json> ask(URI page, String name, Map<String, Object> question) throws Exception {
        HttpResponse<String> response =
                post(page, "ask/" + name, Json.of(question).compact());
        assertEquals(200, response.statusCode(), response.body());
        return ((Json.Members) Json.parse(response.body(), name)).values();
    }

    private static byte[] bytes(Json text) {
        return Base64.getDecoder().decode(((Json.Text) text).value());
    }

    private static String text(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    /// The left half of an 8×8 picture hidden.
    private static byte[] leftHalf() {
        byte[] mask = new byte[PIXELS];
        for (int i = 0; i < PIXELS; i++) {
            mask[i] = (byte) (i % 8 < 4 ? 255 : 0);
        }
        return mask;
    }

    @Test
    void aCodeIsDecodedAndAPictureEncoded() throws Exception {
        try (Session.Exploring page = Session.explore(vae)) {
            Map<String, Json> model = ((Json.Members)
                            Json.parse(post(page.address(), "describe", "").body(), "model"))
                    .values();
            assertEquals(Json.of("vae on digits"), model.get("name"));
            assertEquals(Json.of(3), model.get("dimensions"));
            Json.Members shelf = (Json.Members) model.get("shelf");
            byte[] digit = bytes(
                    ((Json.Elements) shelf.values().get("pictures")).values().getFirst());
            assertEquals(PIXELS, digit.length);

            Map<String, Json> encoded = ask(page.address(), "encode", Map.of("picture", text(digit)));
            Map<String, Json> decoded = ask(page.address(), "decode", Map.of("z", encoded.get("z")));
            byte[] of = bytes(decoded.get("picture"));
            byte[] through = bytes(encoded.get("picture"));
            for (int i = 0; i < PIXELS; i++) {
                // The page's z has three decimals.
                assertEquals(Byte.toUnsignedInt(through[i]), Byte.toUnsignedInt(of[i]), 2, "pixel " + i);
            }
            Map<String, Object> question =
                    Map.of("z", encoded.get("z"), "across", 0, "up", 2, "side", 5, "reach", List.of(2));
            assertEquals(
                    25 * PIXELS, bytes(ask(page.address(), "plane", question).get("pictures")).length);
        }
    }

    @Test
    void whatIsNotHiddenStaysWhatIsHiddenIsDrawn() throws Exception {
        for (Path run : List.of(vae, rbm)) {
            try (Session.Exploring page = Session.explore(run)) {
                byte[] picture = new byte[PIXELS];
                Arrays.fill(picture, (byte) 255);
                byte[] mask = leftHalf();
                Map<String, Object> question = Map.of("picture", text(picture), "mask", text(mask), "at", 0);
                byte[] filled = bytes(ask(page.address(), "impute", question).get("picture"));
                boolean changed = false;
                for (int i = 0; i < PIXELS; i++) {
                    if (mask[i] == 0) {
                        assertEquals(picture[i], filled[i], "pixel " + i);
                    }
                    changed |= filled[i] != picture[i];
                }
                assertTrue(changed, "nothing was filled in; run=" + run);
            }
        }
    }

    @Test
    void aGibbsChainIsStepped() throws Exception {
        try (Session.Exploring page = Session.explore(rbm)) {
            Map<String, Object> question = new HashMap<>(Map.of("picture", text(new byte[PIXELS]), "steps", 3));
            question.put("at", 7);
            Map<String, Json> answer = ask(page.address(), "gibbs", question);
            assertEquals(16, bytes(answer.get("hidden")).length);
            for (byte unit : bytes(answer.get("state"))) {
                assertTrue(unit == 0 || unit == (byte) 255, "a visible unit is on or off");
            }
            assertEquals(answer, ask(page.address(), "gibbs", question), "an answer follows from its question");
            question.put("at", 8);
            assertFalse(answer.get("state")
                    .equals(ask(page.address(), "gibbs", question).get("state")));
        }
    }

    @Test
    void aWordIsTypedAndAPositionTakenAway() throws Exception {
        Path run = folder.resolve("crf");
        Object[] words = {"--data", "letters:" + letters(), "--folds", 0, "--epochs", 20, "--device", "cpu"};
        trained(run, words, "crf");
        try (Session.Exploring page = Session.explore(run)) {
            Map<String, Json> answer = ask(page.address(), "tag", Map.of("text", "abc", "variant", 3));
            assertEquals(Json.of(List.of("a", "b", "c")), answer.get("gold"));
            assertEquals(3 * 128, bytes(answer.get("pictures")).length);
            Json.Members best =
                    (Json.Members) ((Json.Elements) answer.get("best")).values().getFirst();
            assertEquals(Json.of(List.of(0, 1, 2)), best.values().get("tags"));
            for (Json position : ((Json.Elements) answer.get("marginals")).values()) {
                double sum = ((Json.Elements) position)
                        .values().stream()
                                .mapToDouble(p -> ((Json.Number) p).value().doubleValue())
                                .sum();
                assertEquals(1, sum, 0.002); // of 26 numbers with four decimals
            }
            // Without the letter its neighbours still say which it was: a, b and c go round.
            Map<String, Json> without =
                    ask(page.address(), "tag", Map.of("text", "abc", "variant", 3, "blank", List.of(1)));
            best = (Json.Members) ((Json.Elements) without.get("best")).values().getFirst();
            assertEquals(Json.of(List.of(0, 1, 2)), best.values().get("tags"));
            assertEquals(
                    3,
                    ((Json.Elements) ask(page.address(), "tag", Map.of("sequence", 2))
                                    .get("gold"))
                            .values()
                            .size());
            assertEquals(
                    400,
                    post(page.address(), "ask/tag", "{\"text\":\"ab!\",\"variant\":0}")
                            .statusCode());
            assertEquals(
                    400,
                    post(page.address(), "ask/tag", "{\"sequence\":2,\"blank\":[3]}")
                            .statusCode());
        }
    }

    @Test
    void aSentenceIsTyped() throws Exception {
        Path place = Files.createDirectories(folder.resolve("conll"));
        String sentence = "the DT B-NP\ndog NN I-NP\nruns VBZ B-VP\n. . O\n\n";
        Files.writeString(place.resolve("train.txt"), sentence.repeat(6));
        Files.writeString(place.resolve("test.txt"), sentence);
        Path run = folder.resolve("chunks");
        trained(run, new Object[] {"--data", "conll:" + place, "--epochs", 20, "--device", "cpu"}, "crf");
        try (Session.Exploring page = Session.explore(run)) {
            Map<String, Json> answer = ask(page.address(), "tag", Map.of("text", "the dog runs/VBZ.", "variant", 0));
            assertEquals(Json.of(List.of("the/DT", "dog/NN", "runs/VBZ", "./.")), answer.get("words"));
            Json.Members best =
                    (Json.Members) ((Json.Elements) answer.get("best")).values().getFirst();
            assertEquals(Json.of(List.of(0, 1, 2, 3)), best.values().get("tags"));
            assertEquals(Json.of(List.of("", "", "", "")), answer.get("gold"));
            assertEquals(
                    Json.of(List.of("the", "dog", "runs", ".")),
                    ask(page.address(), "tag", Map.of("sequence", 0)).get("words"));
        }
    }

    @Test
    void strangersAreRefused() throws Exception {
        try (Session.Exploring page = Session.explore(vae)) {
            URI address = page.address();
            String token = address.getPath();
            String host = "127.0.0.1:" + address.getPort();
            assertEquals(200, status(address, "GET " + token + " HTTP/1.1", host, 0));
            assertEquals(403, status(address, "GET / HTTP/1.1", host, 0));
            assertEquals(403, status(address, "GET /favicon.ico HTTP/1.1", host, 0));
            assertEquals(403, status(address, "GET " + token.substring(0, 12) + "/ HTTP/1.1", host, 0));
            assertEquals(403, status(address, "GET " + token + " HTTP/1.1", "example.org", 0));
            assertEquals(403, status(address, "GET " + token + " HTTP/1.1", "example.org:" + address.getPort(), 0));
            assertEquals(404, status(address, "GET " + token + "../../../etc/passwd HTTP/1.1", host, 0));
            assertEquals(404, status(address, "GET " + token + "..%2f..%2fetc/passwd HTTP/1.1", host, 0));
            assertEquals(404, status(address, "GET " + token + "Page.class HTTP/1.1", host, 0));
            assertEquals(403, status(address, "GET " + token + "x".repeat(300) + " HTTP/1.1", host, 0));
            assertEquals(405, status(address, "DELETE " + token + " HTTP/1.1", host, 0));
            assertEquals(413, status(address, "POST " + token + "ask/decode HTTP/1.1", host, (1 << 20) + 1));
            for (InetAddress other : others()) {
                Assertions.assertThrows(ConnectException.class, () -> new Socket(other, address.getPort()).close());
            }
            HttpResponse<String> html =
                    CLIENT.send(HttpRequest.newBuilder(address).build(), HttpResponse.BodyHandlers.ofString());
            String policy = html.headers().firstValue("Content-Security-Policy").orElseThrow();
            assertTrue(policy.startsWith("default-src 'none'; script-src 'self';"), policy);
        }
    }

    @Test
    void whatIsNoQuestionIsNamed() throws Exception {
        try (Session.Exploring page = Session.explore(vae)) {
            for (String[] wrong : new String[][] {
                {"decode", "", "question: "},
                {"decode", "[]", "not an object"},
                {"decode", "{}", "`z` is not a list of 3 numbers"},
                {"decode", "{\"z\":[1,2]}", "`z` is not a list of 3 numbers"},
                {"decode", "{\"z\":[1,2,1e300]}", "no number"},
                {"decode", "{\"z\":[1,2,\"x\"]}", "no number"},
                {"encode", "{\"picture\":\"?\"}", "not base64"},
                {"encode", "{\"picture\":\"AAAA\"}", "another size; expected=64, actual=3"},
                {"plane", "{\"z\":[0,0,0],\"across\":0,\"up\":1,\"side\":9999,\"reach\":[1]}", "`side` is not"},
                {"plane", "{\"z\":[0,0,0],\"across\":0,\"up\":3,\"side\":9,\"reach\":[1]}", "`up` is not"},
                {"gibbs", "{}", "no such question"},
            }) {
                HttpResponse<String> response = post(page.address(), "ask/" + wrong[0], wrong[1]);
                assertEquals(400, response.statusCode(), response.body());
                assertTrue(response.body().contains(wrong[2]), wrong[1] + ": " + response.body());
            }
            assertEquals("", page.err().toString(), "a wrong question is no error of the command");
        }
    }

    /// The status of a request that a browser would not let one make.
    private static int status(URI address, String first, String host, int body) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), address.getPort())) {
            String head = first + "\r\nHost: " + host + "\r\nContent-Length: " + body + "\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(new byte[body]);
            socket.getOutputStream().flush();
            byte[] line = socket.getInputStream().readNBytes("HTTP/1.1 200".length());
            return Integer.parseInt(new String(line, StandardCharsets.US_ASCII).substring("HTTP/1.1 ".length()));
        }
    }

    /// Addresses of this machine by which others reach it, and one more of its own, which on Linux who listens on all
    /// addresses answers, too: a machine without a network tells the one from the other.
    private static List<InetAddress> others() throws IOException {
        List<InetAddress> others = new ArrayList<>(NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(address -> !address.isLoopbackAddress() && !address.isLinkLocalAddress())
                .toList());
        if (System.getProperty("os.name").equals("Linux")) {
            others.add(InetAddress.ofLiteral("127.0.0.2"));
        }
        return others;
    }

    /// Words abc, bca and cab in ten folds, each letter a picture of its own with a tenth of its pixels flipped.
    private static Path letters() throws IOException {
        SplittableRandom random = new SplittableRandom(1);
        StringBuilder text = new StringBuilder();
        for (int word = 0; word < 60; word++) {
            int first = random.nextInt(3);
            for (int t = 0; t < 3; t++) {
                int letter = (first + t) % 3;
                text.append("%d\t%c\t%d\t%d\t%d\t%d"
                        .formatted(3 * word + t, 'a' + letter, t == 2 ? -1 : 3 * word + t + 1, word, t + 1, word % 10));
                for (int pixel = 0; pixel < 128; pixel++) {
                    text.append(pixel % 3 == letter ^ random.nextInt(10) == 0 ? "\t1" : "\t0");
                }
                text.append('\n');
            }
        }
        return Files.writeString(folder.resolve("letter.data"), text);
    }
}
