/// The `elbo` command, reports and pages.
module dev.elbo.cli {
    requires dev.elbo.models;
    requires info.picocli;

    opens dev.elbo.cli to
            info.picocli;
}
