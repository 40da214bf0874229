package dev.elbo.runtime.cpu;

import java.lang.classfile.Attributes;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassElement;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.TypeKind;
import java.lang.classfile.instruction.BranchInstruction;
import java.lang.classfile.instruction.IncrementInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.LabelTarget;
import java.lang.classfile.instruction.LoadInstruction;
import java.lang.classfile.instruction.LookupSwitchInstruction;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.classfile.instruction.StoreInstruction;
import java.lang.classfile.instruction.TableSwitchInstruction;
import java.lang.constant.MethodTypeDesc;
import java.lang.reflect.AccessFlag;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Puts the code of called methods in place of the calls, all the way down: static methods of the given classes,
/// and the methods of one constant where the type of its enum is called.
///
/// What loops stays a call, since it is worth compiling by itself, and so does an instance method of the template:
/// a template splits so what is too large for the compilers in one piece (C1 runs out of virtual registers, and a
/// method that it could compile without profile but not with one stays there). What is put in may branch, but not
/// switch or catch. A caller's operands may lie on the stack below it: javac leaves nothing but the result there on
/// return.
final class Inlining implements ClassTransform {
    private final String functions;
    private final ClassModel function;
    private final Map<String, ClassModel> classes = new HashMap<>();

    /// Without a function.
    Inlining(Class<?> template, Class<?>... inlined) {
        this(template, Enum.class, null, inlined);
    }

    Inlining(Class<?> template, Class<?> functions, Enum<?> function, Class<?>... inlined) {
        this.functions = internalName(functions);
        this.function = function == null ? null : LoopCopies.model(function.getClass());
        classes.put(internalName(template), LoopCopies.model(template));
        for (Class<?> type : inlined) {
            classes.put(internalName(type), LoopCopies.model(type));
        }
    }

    private static String internalName(Class<?> type) {
        return type.getName().replace('.', '/');
    }

    @Override
    public void accept(ClassBuilder to, ClassElement element) {
        if (element instanceof MethodModel method
                && method.code().isPresent()
                && !method.methodName().stringValue().startsWith("<")) {
            to.transformMethod(method, (builder, part) -> {
                if (part instanceof CodeModel code) {
                    int free = locals(method);
                    builder.transformCode(code, (body, instruction) -> copy(body, instruction, free));
                } else {
                    builder.with(part);
                }
            });
        } else {
            to.with(element);
        }
    }

    /// @param free first local that nobody around uses; a method put in gives its own back
    private void copy(CodeBuilder to, CodeElement element, int free) {
        Optional<MethodModel> callee = element instanceof InvokeInstruction call ? find(call) : Optional.empty();
        if (callee.isPresent()) {
            inline(to, callee.get(), free);
        } else {
            to.with(element);
        }
    }

    private Optional<MethodModel> find(InvokeInstruction call) {
        boolean ofFunction = call.owner().asInternalName().equals(functions);
        ClassModel owner = ofFunction ? function : classes.get(call.owner().asInternalName());
        if (owner == null) {
            return Optional.empty();
        }
        return owner.methods().stream()
                .filter(m -> m.methodName().equalsString(call.name().stringValue()))
                .filter(m -> m.methodType().equalsString(call.type().stringValue()))
                .filter(m -> ofFunction || m.flags().has(AccessFlag.STATIC))
                .filter(m -> !loops(m.code().orElseThrow()))
                .findFirst();
    }

    private static boolean loops(CodeModel code) {
        Set<Label> passed = new HashSet<>();
        for (CodeElement element : code) {
            if (element instanceof LabelTarget target) {
                passed.add(target.label());
            } else if (element instanceof BranchInstruction branch && passed.contains(branch.target())) {
                return true;
            }
        }
        return false;
    }

    /// The body of `callee`, its arguments taken from the stack.
    private void inline(CodeBuilder to, MethodModel callee, int base) {
        CodeModel code = callee.code().orElseThrow();
        if (!code.exceptionHandlers().isEmpty()) {
            throw refused(callee, "catches");
        }
        int free = base + locals(callee);
        storeArguments(to, callee, base);
        Label end = to.newLabel();
        Map<Label, Label> labels = new HashMap<>();
        for (CodeElement element : code) {
            switch (element) {
                case LoadInstruction load -> to.loadLocal(load.typeKind(), base + load.slot());
                case StoreInstruction store -> to.storeLocal(store.typeKind(), base + store.slot());
                case IncrementInstruction increment -> to.iinc(base + increment.slot(), increment.constant());
                case ReturnInstruction _ -> to.goto_(end);
                case LabelTarget target -> to.labelBinding(labels.computeIfAbsent(target.label(), _ -> to.newLabel()));
                case BranchInstruction branch ->
                    to.branch(branch.opcode(), labels.computeIfAbsent(branch.target(), _ -> to.newLabel()));
                case TableSwitchInstruction _ -> throw refused(callee, "switches");
                case LookupSwitchInstruction _ -> throw refused(callee, "switches");
                case Instruction instruction -> copy(to, instruction, free);
                default -> {
                    // Names of locals and line numbers are those of another method.
                }
            }
        }
        to.labelBinding(end);
    }

    private static int locals(MethodModel method) {
        return method.findAttribute(Attributes.code()).orElseThrow().maxLocals();
    }

    /// Pops the arguments, last first, and the receiver below them if there is one.
    private static void storeArguments(CodeBuilder to, MethodModel callee, int base) {
        MethodTypeDesc type = callee.methodTypeSymbol();
        int receiver = callee.flags().has(AccessFlag.STATIC) ? 0 : 1;
        int slot = base + receiver;
        for (int i = 0; i < type.parameterCount(); i++) {
            slot += TypeKind.from(type.parameterType(i)).slotSize();
        }
        for (int i = type.parameterCount() - 1; i >= 0; i--) {
            TypeKind kind = TypeKind.from(type.parameterType(i));
            slot -= kind.slotSize();
            to.storeLocal(kind, slot);
        }
        if (receiver == 1) {
            to.astore(base);
        }
    }

    private static IllegalStateException refused(MethodModel callee, String why) {
        return new IllegalStateException("cannot write a method into a loop: it " + why + "; method="
                + callee.methodName().stringValue());
    }
}
