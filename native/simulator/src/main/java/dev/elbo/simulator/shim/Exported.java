package dev.elbo.simulator.shim;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Marks a Java method that a shared object exports under the method's own name.
///
/// The method is the only declaration there is: the C source and the upcall's descriptor are made from it, so the two
/// cannot differ. Its types are C's, reduced to what the calling convention sees:
///
/// ```
/// int, unsigned, enum, CUdevice                int
/// size_t, int64_t, CUdeviceptr, any pointer    long
/// float, double                                float, double
/// a result that is a status                    void; a non-zero status is thrown as a Failure
/// any other result                             int or long
/// ```
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface Exported {
    /// The first version of the library that has the symbol, as the library numbers itself.
    int since() default 0;
}
