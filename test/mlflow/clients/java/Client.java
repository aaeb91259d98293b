import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.mlflow.api.proto.ModelRegistry.ModelVersion;
import org.mlflow.api.proto.Service.Experiment;
import org.mlflow.api.proto.Service.FileInfo;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunInfo;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.ActiveRun;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowContext;
import org.mlflow.tracking.MlflowHttpException;
import org.mlflow.tracking.Page;

/** What a Java program does with MLflow's client, against the server whose address is the first argument. */
public class Client {
    static void is(Object seen, Object expected) {
        if (!expected.equals(seen)) throw new AssertionError("expected " + expected + ", saw " + seen);
    }

    static void refused(int status, String text, Runnable call) {
        try {
            call.run();
        } catch (MlflowHttpException error) {
            is(error.getStatusCode(), status);
            if (!error.getBodyMessage().contains(text)) throw new AssertionError(error.getBodyMessage());
            return;
        }
        throw new AssertionError(status + " expected");
    }

    public static void main(String[] arguments) throws Exception {
        MlflowClient client = new MlflowClient(arguments[0]);
        boolean artifacts = arguments.length > 1;
        Path folder = Files.createTempDirectory(Path.of("."), "java-");

        // experiments
        String experiment = client.createExperiment("java");
        is(client.getExperiment(experiment).getName(), "java");
        is(client.getExperimentByName("java").map(Experiment::getExperimentId), Optional.of(experiment));
        is(client.getExperimentByName("missing").isPresent(), false);
        client.setExperimentTag(experiment, "team", "größer");
        is(client.getExperiment(experiment).getTags(0).getValue(), "größer");
        client.renameExperiment(experiment, "java-2");
        client.deleteExperiment(experiment);
        is(client.getExperiment(experiment).getLifecycleStage(), "deleted");
        client.restoreExperiment(experiment);
        is(client.searchExperiments("name LIKE 'java%'").getItems().size(), 1);
        refused(400, "RESOURCE_ALREADY_EXISTS", () -> client.createExperiment("java-2"));

        // a run by hand
        RunInfo info = client.createRun(experiment);
        String run = info.getRunId();
        client.logParam(run, "depth", "3");
        client.logParam(run, "depth", "3");
        client.logMetric(run, "loss", 0.5);
        client.logMetric(run, "loss", 0.25, 1_700_000_000_001L, 7);
        client.logMetric(run, "odd", Double.NaN);
        client.logMetric(run, "up", Double.POSITIVE_INFINITY);
        client.setTag(run, "kind", "base");
        client.setTag(run, "gone", "1");
        client.deleteTag(run, "gone");
        List<Metric> points = new ArrayList<>();
        for (int step = 0; step < 1000; step++)
            points.add(Metric.newBuilder().setKey("batch").setValue(step).setTimestamp(1_700_000_000_000L + step).setStep(step).build());
        client.logBatch(run, points, null, null);
        client.logBatch(
            run,
            null,
            List.of(Param.newBuilder().setKey("rate").setValue("0.1").build()),
            List.of(RunTag.newBuilder().setKey("note").setValue("x").build()));
        is(client.getMetricHistory(run, "batch").size(), 1000);
        is(client.getMetricHistory(run, "loss").stream().filter(point -> point.getStep() == 7).findFirst().get().getTimestamp(), 1_700_000_000_001L);
        refused(400, "INVALID_PARAMETER_VALUE", () -> client.logParam(run, "depth", "4"));
        refused(404, "RESOURCE_DOES_NOT_EXIST", () -> client.getRun("0".repeat(32)));
        client.setTerminated(run);
        Run got = client.getRun(run);
        is(got.getInfo().getStatus(), RunStatus.FINISHED);
        is(got.getInfo().getEndTime() >= got.getInfo().getStartTime(), true);
        is(got.getData().getParamsList().stream().filter(param -> param.getKey().equals("depth")).findFirst().get().getValue(), "3");
        for (Metric metric : got.getData().getMetricsList()) {
            if (metric.getKey().equals("odd")) is(Double.isNaN(metric.getValue()), true);
            if (metric.getKey().equals("up")) is(metric.getValue(), Double.MAX_VALUE);
            if (metric.getKey().equals("loss")) is(metric.getValue(), 0.25);
        }
        is(got.getData().getMetricsCount(), 4);
        is(got.getData().getTagsList().stream().anyMatch(tag -> tag.getKey().equals("gone")), false);

        // the fluent side, with a child
        MlflowContext context = new MlflowContext(client).setExperimentId(experiment);
        ActiveRun parent = context.startRun("parent");
        parent.logParams(Map.of("a", "1", "b", "2"));
        parent.logMetrics(Map.of("m", 1.5, "n", 2.5), 3);
        parent.setTags(Map.of("t", "v"));
        ActiveRun child = context.startRun("child", parent.getId());
        child.endRun(RunStatus.FAILED);
        parent.endRun();
        is(client.searchRuns(List.of(experiment), "tags.mlflow.parentRunId = '" + parent.getId() + "'").get(0).getRunId(), child.getId());

        // search, order, pages, life cycle
        is(client.searchRuns(List.of(experiment), "metrics.loss < 0.3 and params.rate = '0.1'").get(0).getRunId(), run);
        Page<Run> page = client.searchRuns(List.of(experiment), "", ViewType.ACTIVE_ONLY, 2, List.of("attributes.start_time ASC"));
        is(page.getItems().iterator().next().getInfo().getRunId(), run);
        is(page.hasNextPage(), true);
        int rest = 0;
        for (Run ignored : page.getNextPage().getItems()) rest++;
        is(rest, 1);
        refused(400, "INVALID_PARAMETER_VALUE", () -> client.searchRuns(List.of(experiment), "loss >"));
        client.deleteRun(run);
        is(client.searchRuns(List.of(experiment), "", ViewType.DELETED_ONLY).size(), 1);
        client.restoreRun(run);

        // artifacts: this client runs the Python package for them
        if (artifacts) {
            Files.createDirectories(folder.resolve("up/deep"));
            Files.write(folder.resolve("up/a.txt"), "hello".getBytes());
            Files.write(folder.resolve("up/deep/b.bin"), new byte[70_000]);
            client.logArtifacts(run, folder.resolve("up").toFile(), "model");
            List<FileInfo> files = client.listArtifacts(run, "model");
            is(files.stream().map(FileInfo::getPath).toList(), List.of("model/a.txt", "model/deep"));
            is(files.get(0).getFileSize(), 5L);
            is(files.get(1).getIsDir(), true);
            File down = client.downloadArtifacts(run, "model");
            is(Files.readString(down.toPath().resolve("a.txt")), "hello");
            is(Files.size(down.toPath().resolve("deep/b.bin")), 70_000L);
        }

        // the registry: this client reads it, and writes by REST
        client.sendPost("registered-models/create", "{\"name\": \"java-model\"}");
        for (int version = 0; version < 3; version++)
            client.sendPost(
                "model-versions/create",
                "{\"name\": \"java-model\", \"source\": \"runs:/" + run + "/model\", \"run_id\": \"" + run + "\"}");
        client.sendPost("model-versions/transition-stage", "{\"name\": \"java-model\", \"version\": \"2\", \"stage\": \"Production\"}");
        client.sendPatch("model-versions/update", "{\"name\": \"java-model\", \"version\": \"1\", \"description\": \"the first\"}");
        ModelVersion first = client.getModelVersion("java-model", "1");
        is(first.getDescription(), "the first");
        is(first.getRunId(), run);
        is(client.getRegisteredModel("java-model").getName(), "java-model");
        is(client.getLatestVersions("java-model", List.of("Production")).get(0).getVersion(), "2");
        is(client.searchModelVersions("name = 'java-model'").getItems().size(), 3);
        Page<ModelVersion> versions = client.searchModelVersions("name = 'java-model'", 2, List.of("version_number ASC"));
        is(versions.getItems().iterator().next().getVersion(), "1");
        is(versions.getNextPage().getItems().iterator().next().getVersion(), "3");
        is(client.getModelVersionDownloadUri("java-model", "1").startsWith("mlflow-artifacts:"), true);
        refused(404, "RESOURCE_DOES_NOT_EXIST", () -> client.getRegisteredModel("missing"));
        if (artifacts) is(Files.readString(client.downloadModelVersion("java-model", "1").toPath().resolve("a.txt")), "hello");

        client.close();
        System.out.println("seen");
    }
}
