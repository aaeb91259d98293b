export interface GovernanceTables {
  projects: {
    name: string
    created_at: number
  }
  tokens: {
    name: string
    /** SHA-256 of the token, hex */
    hash: string
    role: string
    /** `*` for all */
    project: string
    created_at: number
    expires_at: number | null
    revoked_at: number | null
  }
  secrets: {
    project: string
    name: string
    /** AES-256-GCM: nonce, tag, ciphertext, base64 */
    sealed: string
    updated_at: number
  }
}
