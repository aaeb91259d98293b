const key = 'kedge-project'

export const lastProject = (): string | null => {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

export const rememberProject = (project: string): void => {
  try {
    localStorage.setItem(key, project)
  } catch {
    // only a convenience
  }
}
