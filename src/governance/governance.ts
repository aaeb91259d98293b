import type { Environment } from '../environment.ts'
import { createProjects, type Projects } from './projects.ts'
import { createSecrets, type Secrets } from './secrets.ts'
import { createTokens, type Tokens, type TokensOptions } from './tokens.ts'

export interface Governance {
  projects: Projects
  tokens: Tokens
  secrets: Secrets
}

/** Projects, tokens and secrets. */
export function createGovernance(environment: Environment, options: TokensOptions & { secretKey: Buffer }): Governance {
  return {
    projects: createProjects(environment),
    tokens: createTokens(environment, options),
    secrets: createSecrets(environment, options.secretKey),
  }
}
