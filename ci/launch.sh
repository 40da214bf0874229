# How the JVM of the command is started; sourced by ci/elbo, and packed with the runtime image by ci/package. Shell
# builtins alone: it runs where nothing else is on the path.

# jvm_options MODULES RESOURCES: sets `options` and `main`, what java is given before the command's own arguments.
#   MODULES    module path
#   RESOURCES  class path: jars of native libraries are resources, not modules
jvm_options() {
    # JCuda loads what lies on java.library.path before all else: a folder of the user's own, which Elbo fills and
    # checks.
    local natives=${XDG_CACHE_HOME:-${HOME:-/nowhere}/.cache}/elbo/jcuda-12.6.0
    # The JVM guesses from profiles that all code shares which checks to take out of a loop. Where it guesses
    # wrong for the loops of training it compiles one anew a hundred times over: runtime/decisions/0005.
    options=(--enable-native-access=dev.elbo.ffi,jcuda,jcublas,jcudnn -XX:-UseProfiledLoopPredicate
        -Djava.library.path="$natives" -Delbo.jcuda.natives="$natives" --add-modules jdk.incubator.vector
        -XX:+UseSerialGC --class-path "$2" --module-path "$1")
    main=(--module dev.elbo.cli/dev.elbo.cli.Elbo)
}

# start_elbo JAVA [ARGUMENT ...]: becomes the command, after jvm_options.
start_elbo() {
    local java=$1
    shift
    # The JVM says at each start that it uses an incubating module; a person who types a command need not read that.
    exec "$java" "${options[@]}" ${ELBO_JAVA_OPTS:-} "${main[@]}" "$@" 2> >(
        trap '' INT
        while IFS= read -r line || [ -n "$line" ]; do
            [ "$line" = 'WARNING: Using incubator modules: jdk.incubator.vector' ] || printf '%s\n' "$line" >&2
        done
    )
}
