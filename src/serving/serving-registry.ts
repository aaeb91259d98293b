import type { Aliases } from '../registry/aliases.ts'
import type { CheckModel } from '../registry/check-models.ts'
import type { Conversions } from '../registry/conversions.ts'
import type { Models } from '../registry/models.ts'
import type { Versions } from '../registry/versions.ts'

/** The part of the registry that serving uses. */
export interface ServingRegistry {
  models: Pick<Models, 'ensure'>
  versions: Pick<Versions, 'findIn' | 'create' | 'get' | 'list'>
  aliases: Pick<Aliases, 'move' | 'resolve'>
  /** ONNX forms that are served in place of Python models */
  conversions: Pick<Conversions, 'served'>
  /** Errors: `model_unloadable` for files that cannot be a model. */
  check: CheckModel
}
