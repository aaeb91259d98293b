const key = 'kedge-token'

/** The token of this browser, where the server asks for one. */
export const storedToken = (): string | null => {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

export const storeToken = (token: string): void => {
  try {
    localStorage.setItem(key, token.trim())
  } catch {
    // without storage the token lasts until the page is left
  }
}
