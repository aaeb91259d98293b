// What the API answers, read from the schemas that its routes validate with: types only, nothing of the server runs here.
import type { z } from 'zod'
import type * as automation from '../../../src/protocols/kedge/schemas/automation.ts'
import type * as data from '../../../src/protocols/kedge/schemas/data.ts'
import type * as explanations from '../../../src/protocols/kedge/schemas/explanations.ts'
import type * as features from '../../../src/protocols/kedge/schemas/features.ts'
import type * as freshness from '../../../src/protocols/kedge/schemas/freshness.ts'
import type * as journal from '../../../src/protocols/kedge/schemas/journal.ts'
import type * as log from '../../../src/protocols/kedge/schemas/log.ts'
import type * as monitoring from '../../../src/protocols/kedge/schemas/monitoring.ts'
import type * as views from '../../../src/protocols/kedge/schemas/monitoring-views.ts'
import type * as pipelines from '../../../src/protocols/kedge/schemas/pipelines.ts'
import type * as quarantineSchemas from '../../../src/protocols/kedge/schemas/quarantine.ts'
import type * as registry from '../../../src/protocols/kedge/schemas/registry.ts'
import type * as serving from '../../../src/protocols/kedge/schemas/serving.ts'
import type * as load from '../../../src/protocols/kedge/schemas/serving-load.ts'
import type * as traces from '../../../src/protocols/kedge/schemas/traces.ts'
import type * as tracking from '../../../src/protocols/kedge/schemas/tracking.ts'

export interface Items<T> {
  items: T[]
  total?: number
}

export interface Project {
  name: string
  createdAt: number
}

export type JournalEvent = z.output<typeof journal.journalEvent>
export type LineageGraph = z.output<typeof journal.lineageGraph>

export type Source = z.output<typeof data.sourceAnswer>
export type SourceTest = z.output<typeof data.sourceTestAnswer>
export type Rows = z.output<typeof data.rowsAnswer>
export type SourcePreview = z.output<typeof data.sourcePreviewAnswer>
export type FoundThere = z.output<typeof data.foundThere>
export type QueryAnswer = z.output<typeof data.queryAnswer>
export type TimelineEntry = z.output<typeof data.timelineAnswer>
export type CurationPreview = z.output<typeof data.previewAnswer>
export type ExpectationResult = z.output<typeof data.expectationAnswer>
export type Suggestion = z.output<typeof data.suggestionAnswer>
export type QuarantinePage = z.output<typeof quarantineSchemas.quarantinePage>
export type QuarantinedRow = QuarantinePage['items'][number]
export type Discard = z.output<typeof quarantineSchemas.discardAnswer>
export type Correction = z.output<typeof data.correctionAnswer>
export type DatasetFreshness = z.output<typeof freshness.freshnessAnswer>
export type FeatureView = z.output<typeof features.featureViewAnswer>
export type Feature = FeatureView['features'][number]
export type FeatureLookup = z.output<typeof features.featureLookupAnswer>
export type TrainingSet = z.output<typeof features.trainingSetAnswer>
export type Folder = z.output<typeof data.folderAnswer>
export type DataKinds = z.output<typeof data.kindsAnswer>
export type ColumnProfile = z.output<typeof data.columnProfileAnswer>
export type DatasetVersionSummary = z.output<typeof data.datasetVersionSummary>
export type DatasetVersion = z.output<typeof data.datasetVersionAnswer>
export type Dataset = z.output<typeof data.datasetAnswer>
export type DatasetDiff = z.output<typeof data.diffAnswer>
export type ColumnDiff = z.output<typeof data.columnDiffAnswer>

export type TraceAssessment = z.output<typeof traces.traceAssessment>
export type TraceSummary = z.output<typeof traces.traceSummary>
export type TraceList = z.output<typeof traces.traceList>
export type TraceSpan = z.output<typeof traces.traceSpan>
export type TraceDetail = z.output<typeof traces.traceDetail>

export type Experiment = z.output<typeof tracking.experimentAnswer>
export type RunSummary = z.output<typeof tracking.runSummary>
export type RunList = z.output<typeof tracking.runList>
export type RunDetail = z.output<typeof tracking.runDetail>
export type MetricHistory = z.output<typeof tracking.metricHistory>
export type Curve = MetricHistory & { run: string }
export type RunColumns = z.output<typeof tracking.runColumnList>
export type RunColumn = RunColumns['items'][number]
export type RunCells = z.output<typeof tracking.runCells>
export type RunGroups = z.output<typeof tracking.runGroups>
export type RunView = z.output<typeof tracking.runView>
export type RunComparison = z.output<typeof tracking.runComparison>
export type BulkAnswer = z.output<typeof tracking.bulkAnswer>
export type ArtifactList = z.output<typeof tracking.artifactList>

export type Model = z.output<typeof registry.modelAnswer>
export type ModelVersion = z.output<typeof registry.modelVersionAnswer>
export type Gate = z.output<typeof registry.gateAnswer>
export type GateRule = z.output<typeof registry.gateRuleResult>
export type Promotion = z.output<typeof registry.promotionAnswer>

export type Pipeline = z.output<typeof pipelines.pipelineAnswer>
export type PipelineRun = z.output<typeof pipelines.pipelineRunAnswer>
export type PipelineStep = z.output<typeof pipelines.pipelineStepAnswer>

export type Endpoint = z.output<typeof serving.endpoint>
export type EndpointDetail = z.output<typeof serving.endpointDetail>
export type Revision = z.output<typeof serving.revision>
export type Release = z.output<typeof serving.release>
export type Analysis = z.output<typeof serving.analysisResult>
export type WatchedRequests = z.output<typeof load.requestsAnswer>
export type WatchedRequest = WatchedRequests['slow'][number]
export type ServingNode = z.output<typeof load.servingNodes>['items'][number]
export type MeasuredCapacity = z.output<typeof load.measuredCapacity>

export type MonitorCatalogue = z.output<typeof monitoring.monitorCatalogue>
export type Score = z.output<typeof monitoring.score>
export type MonitorSettings = z.output<typeof monitoring.monitorSettingsAnswer>
export type MonitoringOverview = z.output<typeof monitoring.monitoringOverview>
export type Alert = z.output<typeof monitoring.alert>
export type PerformanceHistory = z.output<typeof monitoring.performanceHistory>
export type PerformancePoint = z.output<typeof monitoring.performancePoint>
export type RevisionComparison = z.output<typeof monitoring.revisionComparison>
export type PredictionRow = z.output<typeof monitoring.predictionRow>

export type PredictionRows = z.output<typeof monitoring.predictionRows>
export type MonitorHeatMap = z.output<typeof views.heatMap>
export type ScoreRow = MonitorHeatMap['rows'][number]
export type FeatureDistribution = z.output<typeof views.featureDistribution>
export type DistributionWindow = FeatureDistribution['windows'][number]
export type Fairness = z.output<typeof views.fairness>
export type PerformanceWindows = z.output<typeof views.performanceWindows>
export type PerformanceCurves = z.output<typeof views.performanceCurves>
export type WorstSegments = z.output<typeof views.worstSegments>

export type Rule = z.output<typeof automation.ruleAnswer>
export type Firing = z.output<typeof automation.firingAnswer>

export type GlobalImportance = z.output<typeof explanations.globalImportance>
export type ExplanationHistory = z.output<typeof explanations.explanationHistory>
export type SampledExplanations = z.output<typeof explanations.sampledExplanations>
export type Dependence = z.output<typeof explanations.dependence>
export type LocalExplanation = z.output<typeof explanations.localExplanation>
export type LoggedExplanation = z.output<typeof log.loggedExplanation>
export type ModelProfile = z.output<typeof explanations.modelProfile>
