package dev.elbo.simulator.machine;

import dev.elbo.simulator.Dim3;
import dev.elbo.simulator.memory.Allocation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Runs one instruction on many operands: a kernel in which each thread loads its operands, runs it, and stores the
/// result.
///
/// In the text `D` is the result and `A`, `B`, `C`, `E` are operands; what else stands there stays. Types are those of
/// registers: `b16 b32 b64 f32 f64 pred`. Values are bits; a predicate is its lowest one.
final class Trial {
    private static final String[] OPERANDS = {"A", "B", "C", "E"};

    private Trial() {}

    /// @param result   type of the result's register
    /// @param types    types of the operands' registers
    /// @param operands operands of each thread: `operands[thread][operand]`
    /// @return the result of each thread, zero-extended
    static long[] run(String instruction, String result, String[] types, long[][] operands) {
        int threads = operands.length;
        StringBuilder body = new StringBuilder();
        body.append("mov.u32 %r1, %ctaid.x; mov.u32 %r2, %ntid.x; mov.u32 %r3, %tid.x;\n");
        body.append("mad.lo.s32 %r4, %r1, %r2, %r3; setp.ge.u32 %p1, %r4, ")
                .append(threads)
                .append(";\n");
        body.append("@%p1 ret; mul.wide.u32 %d1, %r4, ")
                .append(8 * types.length)
                .append(";\n");
        body.append("ld.param.u64 %d2, [in]; add.s64 %d3, %d2, %d1;\n");
        String text = instruction;
        for (int k = 0; k < types.length; k++) {
            String register = "%o" + k;
            body.append(".reg .").append(types[k]).append(' ').append(register).append(";\n");
            if (types[k].equals("pred")) {
                body.append("ld.global.b32 %r10, [%d3+").append(8 * k).append("]; setp.ne.s32 ");
                body.append(register).append(", %r10, 0;\n");
            } else {
                body.append("ld.global.").append(types[k]).append(' ').append(register);
                body.append(", [%d3+").append(8 * k).append("];\n");
            }
            text = text.replaceAll("\\b" + OPERANDS[k] + "\\b", register);
        }
        body.append(".reg .").append(result).append(" %result;\n");
        body.append(text.replaceAll("\\bD\\b", "%result")).append(";\n");
        body.append("mul.wide.u32 %d4, %r4, 8; ld.param.u64 %d5, [out]; add.s64 %d6, %d5, %d4;\n");
        body.append("mov.b64 %d7, 0; st.global.b64 [%d6], %d7;\n");
        if (result.equals("pred")) {
            body.append("selp.b32 %r11, 1, 0, %result; st.global.b32 [%d6], %r11;\n");
        } else {
            body.append("st.global.").append(result).append(" [%d6], %result;\n");
        }
        body.append("ret;");
        return launch(body.toString(), operands, threads, types.length);
    }

    private static long[] launch(String body, long[][] operands, int threads, int count) {
        TestGpu gpu = TestGpu.kernel(".param .u64 in, .param .u64 out", body);
        long[] flat = new long[threads * count];
        for (int i = 0; i < threads; i++) {
            System.arraycopy(operands[i], 0, flat, i * count, count);
        }
        Allocation out = gpu.empty("results", 8L * threads);
        gpu.run("k", Dim3.of((threads + 95) / 96), Dim3.of(96), gpu.longs("operands", flat), out);
        return gpu.longs(out);
    }

    /// Every combination of the values of each operand.
    static long[][] all(long[]... values) {
        List<long[]> combinations = new ArrayList<>();
        combinations.add(new long[0]);
        for (long[] choices : values) {
            List<long[]> longer = new ArrayList<>();
            for (long[] some : combinations) {
                for (long choice : choices) {
                    long[] one = Arrays.copyOf(some, some.length + 1);
                    one[some.length] = choice;
                    longer.add(one);
                }
            }
            combinations = longer;
        }
        return combinations.toArray(long[][]::new);
    }
}
