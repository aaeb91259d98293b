/** `inference.GRPCInferenceService` of the Open Inference Protocol V2 with Triton's repository methods, as protobufjs reads it. */
const field = (type: string, id: number) => ({ type, id })
const repeated = (type: string, id: number) => ({ rule: 'repeated', type, id })
const mapOf = (type: string, id: number) => ({ keyType: 'string', type, id })
const message = (
  fields: Record<string, object>,
  nested?: Record<string, object>,
  oneofs?: Record<string, { oneof: string[] }>,
) => ({
  fields,
  ...(nested ? { nested } : {}),
  ...(oneofs ? { oneofs } : {}),
})
const method = (name: string, stream = false) => ({
  requestType: `${name.replace('Stream', '')}Request`,
  responseType: stream ? 'ModelStreamInferResponse' : `${name}Response`,
  ...(stream ? { requestStream: true, responseStream: true } : {}),
})

const tensorMetadata = message({ name: field('string', 1), datatype: field('string', 2), shape: repeated('int64', 3) })

export const inferenceProto = {
  nested: {
    inference: {
      nested: {
        GRPCInferenceService: {
          methods: {
            ServerLive: method('ServerLive'),
            ServerReady: method('ServerReady'),
            ModelReady: method('ModelReady'),
            ServerMetadata: method('ServerMetadata'),
            ModelMetadata: method('ModelMetadata'),
            ModelInfer: method('ModelInfer'),
            ModelStreamInfer: method('ModelStreamInfer', true),
            RepositoryIndex: method('RepositoryIndex'),
            RepositoryModelLoad: method('RepositoryModelLoad'),
            RepositoryModelUnload: method('RepositoryModelUnload'),
          },
        },
        ServerLiveRequest: message({}),
        ServerLiveResponse: message({ live: field('bool', 1) }),
        ServerReadyRequest: message({}),
        ServerReadyResponse: message({ ready: field('bool', 1) }),
        ModelReadyRequest: message({ name: field('string', 1), version: field('string', 2) }),
        ModelReadyResponse: message({ ready: field('bool', 1) }),
        ServerMetadataRequest: message({}),
        ServerMetadataResponse: message({
          name: field('string', 1),
          version: field('string', 2),
          extensions: repeated('string', 3),
        }),
        ModelMetadataRequest: message({ name: field('string', 1), version: field('string', 2) }),
        ModelMetadataResponse: message(
          {
            name: field('string', 1),
            versions: repeated('string', 2),
            platform: field('string', 3),
            inputs: repeated('TensorMetadata', 4),
            outputs: repeated('TensorMetadata', 5),
          },
          { TensorMetadata: tensorMetadata },
        ),
        InferParameter: message(
          {
            boolParam: field('bool', 1),
            int64Param: field('int64', 2),
            stringParam: field('string', 3),
            doubleParam: field('double', 4),
            uint64Param: field('uint64', 5),
          },
          undefined,
          { parameterChoice: { oneof: ['boolParam', 'int64Param', 'stringParam', 'doubleParam', 'uint64Param'] } },
        ),
        InferTensorContents: message({
          boolContents: repeated('bool', 1),
          intContents: repeated('int32', 2),
          int64Contents: repeated('int64', 3),
          uintContents: repeated('uint32', 4),
          uint64Contents: repeated('uint64', 5),
          fp32Contents: repeated('float', 6),
          fp64Contents: repeated('double', 7),
          bytesContents: repeated('bytes', 8),
        }),
        ModelInferRequest: message(
          {
            modelName: field('string', 1),
            modelVersion: field('string', 2),
            id: field('string', 3),
            parameters: mapOf('InferParameter', 4),
            inputs: repeated('InferInputTensor', 5),
            outputs: repeated('InferRequestedOutputTensor', 6),
            rawInputContents: repeated('bytes', 7),
          },
          {
            InferInputTensor: message({
              name: field('string', 1),
              datatype: field('string', 2),
              shape: repeated('int64', 3),
              parameters: mapOf('InferParameter', 4),
              contents: field('InferTensorContents', 5),
            }),
            InferRequestedOutputTensor: message({ name: field('string', 1), parameters: mapOf('InferParameter', 2) }),
          },
        ),
        ModelInferResponse: message(
          {
            modelName: field('string', 1),
            modelVersion: field('string', 2),
            id: field('string', 3),
            parameters: mapOf('InferParameter', 4),
            outputs: repeated('InferOutputTensor', 5),
            rawOutputContents: repeated('bytes', 6),
          },
          {
            InferOutputTensor: message({
              name: field('string', 1),
              datatype: field('string', 2),
              shape: repeated('int64', 3),
              parameters: mapOf('InferParameter', 4),
              contents: field('InferTensorContents', 5),
            }),
          },
        ),
        ModelStreamInferResponse: message({
          errorMessage: field('string', 1),
          inferResponse: field('ModelInferResponse', 2),
        }),
        RepositoryIndexRequest: message({ repositoryName: field('string', 1), ready: field('bool', 2) }),
        RepositoryIndexResponse: message(
          { models: repeated('ModelIndex', 1) },
          {
            ModelIndex: message({
              name: field('string', 1),
              version: field('string', 2),
              state: field('string', 3),
              reason: field('string', 4),
            }),
          },
        ),
        RepositoryModelLoadRequest: message({ repositoryName: field('string', 1), modelName: field('string', 2) }),
        RepositoryModelLoadResponse: message({}),
        RepositoryModelUnloadRequest: message({ repositoryName: field('string', 1), modelName: field('string', 2) }),
        RepositoryModelUnloadResponse: message({}),
      },
    },
  },
}
