export type ViewType = 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL'

export interface SearchQuery {
  filter?: string | undefined
  orderBy?: string[] | undefined
  view?: ViewType | undefined
  maxResults?: number | undefined
  pageToken?: string | undefined
}
