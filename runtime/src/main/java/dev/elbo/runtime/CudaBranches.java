package dev.elbo.runtime;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Which launches of a step may run side by side: each has its branch, and says for whom of the other branches it
/// waits.
///
/// Two launches keep their order if one of them writes where the other reads or writes. A launch follows the latest
/// that it needs where nothing has come in between, and else begins on the branch that has waited longest; the
/// gradient of a layer's weight and the one towards its input part so.
///
/// @param branches of each launch, from 0
/// @param waits    for each launch, places of launches on other branches that it waits for
/// @param awaited  for each launch, whether another branch waits for it
record CudaBranches(int[] branches, int[][] waits, boolean[] awaited) {
    /// Plans so many branches.
    static CudaBranches of(List<CudaLaunch> launches, int count) {
        int n = launches.size();
        CudaBranches plan = new CudaBranches(new int[n], new int[n][], new boolean[n]);
        int[] last = new int[count];
        Arrays.fill(last, -1);
        // The latest launch of each branch that is certain to be done before a launch begins.
        int[][] settled = new int[n][];
        for (int i = 0; i < n; i++) {
            List<Integer> needs = needs(launches, i);
            int branch = launches.get(i).worker() == CudaLaunch.Worker.OTHER ? 0 : choose(last, needs);
            int[] before = last[branch] < 0 ? nothing(count) : settled[last[branch]].clone();
            List<Integer> waits = new ArrayList<>();
            for (int need : needs.reversed()) {
                if (plan.branches[need] != branch && need > before[plan.branches[need]]) {
                    waits.add(need);
                    plan.awaited[need] = true;
                    for (int other = 0; other < count; other++) {
                        before[other] = Math.max(before[other], settled[need][other]);
                    }
                }
            }
            before[branch] = i;
            settled[i] = before;
            plan.branches[i] = branch;
            plan.waits[i] = waits.stream().mapToInt(Integer::intValue).toArray();
            last[branch] = i;
        }
        return plan;
    }

    /// How many branches are used.
    int count() {
        return Arrays.stream(branches).max().orElse(0) + 1;
    }

    private static int[] nothing(int count) {
        int[] none = new int[count];
        Arrays.fill(none, -1);
        return none;
    }

    private static int choose(int[] last, List<Integer> needs) {
        int following = -1;
        int idle = 0;
        for (int branch = 0; branch < last.length; branch++) {
            if (needs.contains(last[branch]) && (following < 0 || last[branch] > last[following])) {
                following = branch;
            }
            idle = last[branch] < last[idle] ? branch : idle;
        }
        return following >= 0 ? following : idle;
    }

    /// Places of the launches that `i` has to come after, ascending.
    private static List<Integer> needs(List<CudaLaunch> launches, int i) {
        CudaLaunch launch = launches.get(i);
        List<Integer> needs = new ArrayList<>();
        for (int j = 0; j < i; j++) {
            CudaLaunch earlier = launches.get(j);
            if (touch(launch.written(), earlier.buffers()) || touch(launch.buffers(), earlier.written())) {
                needs.add(j);
            }
        }
        return needs;
    }

    /// Whether one of them and one of the others share memory.
    ///
    /// @param some   any shapes
    /// @param others any shapes
    static boolean touch(List<Tensor> some, List<Tensor> others) {
        for (Tensor a : some) {
            long from = a.data().address();
            for (Tensor b : others) {
                long other = b.data().address();
                if (from < other + b.bytes() && other < from + a.bytes()) {
                    return true;
                }
            }
        }
        return false;
    }
}
