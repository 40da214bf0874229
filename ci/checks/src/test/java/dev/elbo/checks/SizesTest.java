package dev.elbo.checks;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Prints how large the rooms are, so that growth is seen. Fails on nothing but an empty room.
class SizesTest {
    private record Room(String folder, int files, long lines, long median, Path largest, long largestLines) {}

    @Test
    void theRoomsAreMeasured() {
        StringBuilder table = new StringBuilder("\nsizes of the main sources, in lines\n");
        table.append(String.format("%-18s %5s %7s %7s  %s%n", "room", "files", "lines", "median", "largest"));
        for (House.Module module : House.MODULES) {
            Room room = measure(module);
            table.append(String.format(
                    "%-18s %5d %7d %7d  %s (%d)%n",
                    room.folder, room.files, room.lines, room.median, room.largest.getFileName(), room.largestLines));
            assertTrue(room.lines > 0, module.folder() + " is empty");
        }
        System.out.println(table);
    }

    private static Room measure(House.Module module) {
        List<Path> files = module.sources().stream()
                .filter(file -> file.toString().contains("/src/main/"))
                .toList();
        List<Long> sizes = files.stream().map(SizesTest::lines).sorted().toList();
        Path largest =
                files.stream().max(Comparator.comparingLong(SizesTest::lines)).orElseThrow();
        return new Room(
                module.folder(),
                files.size(),
                sizes.stream().mapToLong(Long::longValue).sum(),
                sizes.get(sizes.size() / 2),
                largest,
                lines(largest));
    }

    private static long lines(Path file) {
        return House.read(file).lines().count();
    }
}
