# What the commands share: where the checkout is, how to speak, how to find the tools. Sourced, never run.

set -euo pipefail
ELBO_HOME=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
JDK_WANTED=25

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "$*" >&2; }
fail() {
    warn "$*"
    exit 1
}

# The feature release of the JDK in folder $1 that has a compiler, or nothing.
jdk_release() {
    [ -x "$1/bin/javac" ] || return 0
    "$1/bin/javac" -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p'
}

# Prints the folder of a JDK that is new enough: JAVA_HOME first, then the path, then where systems keep them.
find_jdk() {
    local on_path candidate release
    on_path=$(command -v javac || true)
    [ -z "$on_path" ] || on_path=$(dirname "$(dirname "$(readlink -f "$on_path")")")
    for candidate in "${JAVA_HOME:-}" "$on_path" /usr/lib/jvm/* /opt/*jdk* /opt/java/* "$HOME"/.jdks/* \
        "$HOME"/.sdkman/candidates/java/* /Library/Java/JavaVirtualMachines/*/Contents/Home; do
        [ -n "$candidate" ] || continue
        release=$(jdk_release "$candidate")
        if [ -n "$release" ] && [ "$release" -ge "$JDK_WANTED" ]; then
            printf '%s\n' "$candidate"
            return
        fi
    done
}

find_c_compiler() {
    local name
    for name in "${CC:-}" cc gcc clang; do
        [ -n "$name" ] && command -v "$name" && return
    done
    return 0
}

# Makes JAVA_HOME and mvn usable, or stops with what to do.
need_tools() {
    JAVA_HOME=$(find_jdk)
    export JAVA_HOME
    if [ -z "$JAVA_HOME" ] || ! command -v mvn >/dev/null || [ -z "$(find_c_compiler)" ]; then
        "$ELBO_HOME/ci/setup"
        JAVA_HOME=$(find_jdk)
    fi
    # Maven 3.8 brings a library that still uses what JDK 24 began to warn about.
    export MAVEN_OPTS="${MAVEN_OPTS:-} --sun-misc-unsafe-memory-access=allow"
    cd "$ELBO_HOME"
}

# The version of tool $1 that the build names.
version() { sed -n "s|.*<$1.version>\(.*\)</.*|\1|p" "$ELBO_HOME/pom.xml"; }

# Makes folder $1 a Java runtime with the modules $2; further arguments go to jlink. Uncompressed: xz does better on
# what nobody has compressed before it.
runtime_image() {
    local folder=$1 modules=$2
    shift 2
    "$JAVA_HOME/bin/jlink" --add-modules "$modules" --strip-debug --no-header-files --no-man-pages --compress zip-0 \
        --output "$folder" "$@" 2>&1 | grep -v '^WARNING: Using incubator modules' || true
    [ -x "$folder/bin/java" ] || fail "jlink made no runtime: $folder"
}

# Packs the folder target/$1 as target/$1.tar.xz, of at most $2 bytes, and prints their number.
pack() {
    tar -C "$ELBO_HOME/target" -cf - "$1" | xz -T0 -6 >"$ELBO_HOME/target/$1.tar.xz"
    local size
    size=$(wc -c <"$ELBO_HOME/target/$1.tar.xz")
    [ "$size" -le "$2" ] || fail "target/$1.tar.xz is too large; bytes=$size, limit=$2"
    printf '%s\n' "$size"
}
