package dev.elbo.runtime;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.elbo.runtime.CudaLaunch.Worker;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Plans of branches; that captured steps keep to them is in [TrainingOnCudaTest].
class CudaBranchesTest {
    private CpuDevice cpu;
    private Arena owner;

    @BeforeEach
    void open() {
        cpu = CpuDevice.open(1);
        owner = Arena.ofShared();
    }

    @AfterEach
    void close() {
        owner.close();
        cpu.close();
    }

    private Tensor tensor() {
        return Memory.of(cpu, "test", owner).empty(Shape.of(8));
    }

    private static CudaLaunch launch(Worker worker, List<Tensor> read, Tensor... written) {
        List<Tensor> buffers = Stream.concat(read.stream(), Stream.of(written)).toList();
        return new CudaLaunch(null, "test", worker, buffers, List.of(written), () -> {});
    }

    /// y = f(x, w); dw = g(x, dy) beside dx = g(w, dy); the update reads dw, and what came before reads dx.
    @Test
    void theGradientOfAWeightRunsBesideTheOneTowardsTheInput() {
        Tensor x = tensor();
        Tensor w = tensor();
        Tensor dy = tensor();
        Tensor dw = tensor();
        Tensor dx = tensor();
        Tensor before = tensor();
        CudaBranches plan = CudaBranches.of(
                List.of(
                        launch(Worker.PRODUCT, List.of(x, w), dy),
                        launch(Worker.PRODUCT, List.of(x, dy), dw),
                        launch(Worker.PRODUCT, List.of(w, dy), dx),
                        launch(Worker.KERNEL, List.of(dx), before),
                        launch(Worker.KERNEL, List.of(dw, before), w)),
                2);
        assertArrayEquals(new int[] {0, 0, 1, 1, 1}, plan.branches());
        assertEquals(2, plan.count());
        assertArrayEquals(new int[] {0}, plan.waits()[2]);
        assertArrayEquals(new int[0], plan.waits()[3]);
        assertArrayEquals(new int[] {1}, plan.waits()[4]);
        assertArrayEquals(new boolean[] {true, true, false, false, false}, plan.awaited());
    }

    @Test
    void whoOverwritesWaitsForThoseThatRead() {
        Tensor x = tensor();
        CudaBranches plan = CudaBranches.of(
                List.of(
                        launch(Worker.KERNEL, List.of(x), tensor()),
                        launch(Worker.KERNEL, List.of(x), tensor()),
                        launch(Worker.KERNEL, List.of(), x)),
                2);
        assertArrayEquals(new int[] {0, 1, 1}, plan.branches());
        assertArrayEquals(new int[] {0}, plan.waits()[2]);
    }

    @Test
    void othersStayOnTheStreamThatTheyKnow() {
        List<CudaLaunch> launches = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            launches.add(launch(Worker.OTHER, List.of(), tensor()));
        }
        assertEquals(1, CudaBranches.of(launches, 4).count());
    }

    /// Whatever needs something comes after it: on its own branch, or through launches that it waits for.
    @Test
    void everyPlanKeepsEveryOrder() {
        SplittableRandom random = new SplittableRandom(7);
        for (int trial = 0; trial < 200; trial++) {
            List<Tensor> tensors = Stream.generate(this::tensor).limit(6).toList();
            List<CudaLaunch> launches = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                List<Tensor> read = List.of(any(tensors, random), any(tensors, random));
                Worker worker = random.nextInt(6) == 0 ? Worker.OTHER : Worker.KERNEL;
                launches.add(launch(worker, read, any(tensors, random)));
            }
            CudaBranches plan = CudaBranches.of(launches, 1 + random.nextInt(4));
            boolean[][] after = after(plan);
            for (int i = 0; i < launches.size(); i++) {
                for (int j = 0; j < i; j++) {
                    assertTrue(!conflict(launches.get(i), launches.get(j)) || after[i][j], i + " overtakes " + j);
                }
            }
        }
    }

    private static Tensor any(List<Tensor> tensors, SplittableRandom random) {
        return tensors.get(random.nextInt(tensors.size()));
    }

    private static boolean conflict(CudaLaunch a, CudaLaunch b) {
        return a.written().stream().anyMatch(b.buffers()::contains)
                || b.written().stream().anyMatch(a.buffers()::contains);
    }

    /// Whether i is certain to run after j.
    private static boolean[][] after(CudaBranches plan) {
        int n = plan.branches().length;
        boolean[][] after = new boolean[n][n];
        for (int i = 0; i < n; i++) {
            List<Integer> direct = new ArrayList<>();
            for (int j = i - 1; j >= 0; j--) {
                if (plan.branches()[j] == plan.branches()[i]) {
                    direct.add(j);
                    break;
                }
            }
            for (int wait : plan.waits()[i]) {
                direct.add(wait);
            }
            for (int j : direct) {
                after[i][j] = true;
                for (int k = 0; k < j; k++) {
                    after[i][k] |= after[j][k];
                }
            }
        }
        return after;
    }

    @Test
    void aTuningIsReadFromWords() {
        assertEquals(CudaTuning.none(), CudaTuning.of(""));
        assertEquals(
                new CudaTuning(true, 3, Optional.of(Path.of("chosen.tsv"))),
                CudaTuning.of("overlapping,branches=3,algorithms=chosen.tsv"));
        assertEquals(
                "elbo.cuda.tuning: overlapping, branches=2, algorithms=FILE, with commas; word=fast",
                assertThrows(IllegalArgumentException.class, () -> CudaTuning.of("fast"))
                        .getMessage());
        assertThrows(IllegalArgumentException.class, () -> CudaTuning.of("branches=9"));
    }
}
