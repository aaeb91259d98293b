export interface UploadTables {
  /** Uploads of artifacts in parts. */
  artifact_uploads: {
    /** 32 hex digits */
    id: string
    project: string
    path: string
    /** SHA-256 of the key with which parts are sent */
    key_digest: string
    parts: number
    /** of the whole, once it is complete */
    digest: string | null
    created_at: number
    /** when its last part came */
    touched_at: number
  }
  artifact_upload_parts: {
    upload: string
    /** from 1 on */
    part: number
    /** of the blob: a salt, then the part's bytes */
    digest: string
    /** SHA-256 of the part's bytes */
    etag: string
    bytes: number
  }
}
