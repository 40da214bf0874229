package dev.elbo.runtime;

import dev.elbo.ffi.CudaFunction;
import dev.elbo.ffi.DevicePointer;
import dev.elbo.ffi.LaunchBlock;
import dev.elbo.ffi.LaunchShape;
import dev.elbo.kernels.KernelEntry;
import dev.elbo.kernels.Launch.Dim;
import dev.elbo.kernels.Parameter;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A launch in the making: a kernel that is being given its arguments, in the order of its source.
///
/// ```java
/// cuda.kernel("sum_rows_f32").args(x, y, rows, cols, divisor, first).bind("sumRows");
/// ```
///
/// Elbo's kernels know the types of their arguments and the launch that follows from them, and refuse what does not
/// fit. Kernels of others ([PtxSource]) are told their launch by [#over]; the driver refuses arguments of another
/// size.
public final class KernelCall {
    private final CudaDevice cuda;
    private final CudaFunction function;
    private final Optional<KernelEntry> entry;
    private final List<Object> arguments = new ArrayList<>();
    private final List<Tensor> buffers = new ArrayList<>();
    private final List<Tensor> written = new ArrayList<>();
    private Dim grid;
    private Dim block;
    private int sharedBytes;

    KernelCall(CudaDevice cuda, CudaFunction function, Optional<KernelEntry> entry) {
        this.cuda = cuda;
        this.function = function;
        this.entry = entry;
    }

    /// The next arguments.
    ///
    /// ```
    /// Tensor, or part of one by [#at]    the address of its first element     null    a null pointer
    /// int, long                          int, long long; of Elbo's kernels the one that is wanted and holds it
    /// boolean                            int, 1 or 0
    /// float                              float
    /// ```
    ///
    /// @param values tensors of this device, of the element types that the kernel reads, and numbers
    public KernelCall args(Object... values) {
        for (Object value : values) {
            add(value);
        }
        return this;
    }

    /// A tensor from element `from` on, as an argument.
    public static Object at(Tensor x, long from) {
        return new Part(x, from);
    }

    private record Part(Tensor x, long from) {}

    /// The launch of a kernel that is not Elbo's.
    ///
    /// @param blocks  0 for nothing to do, and nothing is launched
    /// @param threads of one block
    public KernelCall over(int blocks, int threads) {
        return over(blocks, 1, threads, 1, 0);
    }

    /// The launch of a kernel that is not Elbo's.
    ///
    /// @param sharedBytes dynamic shared memory of one block
    public KernelCall over(int blocksX, int blocksY, int threadsX, int threadsY, int sharedBytes) {
        if (entry.isPresent()) {
            throw refused("its launch follows from its arguments", "blocks=" + blocksX);
        }
        grid = new Dim(blocksX, blocksY, 1);
        block = new Dim(threadsX, threadsY, 1);
        this.sharedBytes = sharedBytes;
        return this;
    }

    /// Launches the kernel now and, while a step is being recorded, keeps the launch for replay.
    ///
    /// @param operation name in messages and profiles
    public void bind(String operation) {
        ready(operation).ifPresent(cuda::bind);
    }

    /// Launches the kernel now and keeps nothing of it, even while a step is being recorded: a trial, for the clock.
    public void run() {
        cuda.enter();
        ready(function.name()).ifPresent(Launch::run);
    }

    /// The launch, unless there is nothing to do.
    private Optional<CudaLaunch> ready(String operation) {
        entry.ifPresent(this::settle);
        if (grid == null) {
            throw refused("no launch was given", "arguments=" + arguments.size());
        }
        if (grid.count() == 0) {
            return Optional.empty();
        }
        LaunchShape shape = new LaunchShape(
                Math.toIntExact(grid.x()),
                Math.toIntExact(grid.y()),
                Math.toIntExact(grid.z()),
                Math.toIntExact(block.x()),
                Math.toIntExact(block.y()),
                Math.toIntExact(block.z()),
                sharedBytes,
                1,
                false,
                false);
        LaunchBlock packed = cuda.block();
        arguments.forEach(argument -> pack(packed, argument));
        LaunchShape early = entry.isPresent() ? shape.overlapping() : shape;
        return Optional.of(new CudaLaunch(
                cuda,
                operation,
                entry.isPresent() ? CudaLaunch.Worker.KERNEL : CudaLaunch.Worker.OTHER,
                List.copyOf(buffers),
                List.copyOf(entry.isPresent() ? written : buffers),
                () -> function.launch(cuda.mayOverlap() ? early : shape, packed, cuda.stream())));
    }

    private void settle(KernelEntry kernel) {
        if (arguments.size() < kernel.parameters().size()) {
            throw refused(
                    "arguments are missing",
                    "given=" + arguments.size() + ", wanted="
                            + kernel.parameters().stream().map(Parameter::name).toList());
        }
        grid = kernel.launch().grid(name -> ((Number) arguments.get(kernel.indexOf(name))).longValue());
        block = kernel.launch().block();
    }

    private static void pack(LaunchBlock block, Object argument) {
        switch (argument) {
            case MemorySegment pointer -> block.arg(pointer);
            case Integer number -> block.arg((int) number);
            case Long number -> block.arg((long) number);
            case Float number -> block.arg((float) number);
            default -> throw new AssertionError("no such argument: " + argument);
        }
    }

    private void add(Object value) {
        switch (value) {
            case null -> pointer(MemorySegment.NULL, Optional.empty());
            case Part part -> pointer(part.x, part.from);
            case Tensor x -> pointer(x, 0);
            case Boolean flag -> number(flag ? 1 : 0);
            case Integer number -> number(number);
            case Long number -> number(number);
            case Float number -> number(number);
            default -> throw refused("no such type of argument", "given=" + value.getClass());
        }
    }

    private void pointer(Tensor x, long from) {
        if (x.device() != cuda) {
            throw refused("tensor of another device", "tensor=" + x);
        }
        buffers.add(x);
        if (entry.isPresent()
                && arguments.size() < entry.get().parameters().size()
                && entry.get().parameters().get(arguments.size()).written()) {
            written.add(x);
        }
        pointer(DevicePointer.at(x.data(), from * x.dtype().bytes()), Optional.of(x.dtype()));
    }

    private void pointer(MemorySegment address, Optional<DType> dtype) {
        if (entry.isPresent()) {
            Parameter wanted = next();
            boolean fits = dtype.isEmpty() || holds(dtype.get(), wanted.element());
            if (!wanted.pointer() || !fits) {
                throw another(wanted, "pointer to " + dtype.map(DType::name).orElse("nothing"));
            }
        }
        arguments.add(address);
    }

    private void number(Number number) {
        Number exact = number;
        if (entry.isPresent()) {
            Parameter wanted = next();
            boolean whole = !(number instanceof Float);
            boolean fits = !wanted.pointer()
                    && switch (wanted.element()) {
                        case INT, UNSIGNED -> whole && number.longValue() == number.intValue();
                        case LONG -> whole;
                        case FLOAT -> !whole;
                        case BYTE, DOUBLE -> false;
                    };
            if (!fits) {
                throw another(wanted, number.getClass().getSimpleName() + " " + number);
            }
            if (whole) {
                exact = wanted.bytes() == Long.BYTES ? (Number) number.longValue() : (Number) number.intValue();
            }
        }
        arguments.add(exact);
    }

    private IllegalArgumentException another(Parameter wanted, String given) {
        return refused(
                "another argument is wanted",
                "argument=" + wanted.name() + ", given=" + given + ", wanted=" + (wanted.pointer() ? "pointer to " : "")
                        + wanted.element());
    }

    /// The next argument of a kernel of Elbo's.
    private Parameter next() {
        List<Parameter> parameters = entry.orElseThrow().parameters();
        if (arguments.size() == parameters.size()) {
            throw refused("too many arguments", "wanted=" + parameters.size());
        }
        return parameters.get(arguments.size());
    }

    private static boolean holds(DType dtype, Parameter.Element element) {
        return switch (dtype) {
            case F32 -> element == Parameter.Element.FLOAT;
            case F64 -> element == Parameter.Element.DOUBLE;
            case I32 -> element == Parameter.Element.INT || element == Parameter.Element.UNSIGNED;
            case U8 -> element == Parameter.Element.BYTE;
        };
    }

    private IllegalArgumentException refused(String what, String values) {
        return new IllegalArgumentException("kernel: " + what + "; kernel=" + function.name() + ", " + values);
    }
}
