package dev.elbo.simulator.driver;

import java.util.List;
import java.util.stream.Collectors;

/// Which call made a thing, and from where in the program.
///
/// @param call  the C function
/// @param stack the Java frames that led to it, innermost first; empty when no Java called
record Origin(String call, String stack) {
    private static final int FRAMES = 8;
    private static final StackWalker WALKER = StackWalker.getInstance();

    /// The call that is under way on this thread.
    static Origin of(String call) {
        List<String> frames = WALKER.walk(all -> all.map(StackWalker.StackFrame::toStackTraceElement)
                .dropWhile(frame -> !frame.getClassName().endsWith(".shim.Shim"))
                .dropWhile(frame -> frame.getClassName().endsWith(".shim.Shim") || isJdk(frame))
                .takeWhile(frame -> !frame.getClassName().startsWith("org.junit."))
                .filter(frame -> !isJdk(frame))
                .limit(FRAMES)
                .map(frame -> simple(frame.getClassName()) + "." + frame.getMethodName() + ":" + frame.getLineNumber())
                .toList());
        return new Origin(call, frames.stream().collect(Collectors.joining(" < ")));
    }

    private static boolean isJdk(StackTraceElement frame) {
        return frame.getClassName().startsWith("java.") || frame.getClassName().startsWith("jdk.");
    }

    private static String simple(String className) {
        return className.substring(className.lastIndexOf('.') + 1);
    }

    @Override
    public String toString() {
        return stack.isEmpty() ? call : call + " at " + stack;
    }
}
