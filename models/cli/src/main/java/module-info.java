/// The `elbo` command, reports and pages.
module dev.elbo.cli {
    requires dev.elbo.models;
    requires info.picocli;
    requires jdk.httpserver;

    opens dev.elbo.cli to
            info.picocli;
}
