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
