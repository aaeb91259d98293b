/** What a person is told of work that must fail. */
export async function failure(work: Promise<unknown>): Promise<{ code: string; message: string; todo: string }> {
  const error = await work.then(
    (value) => {
      throw new Error(`did not fail: ${JSON.stringify(value).slice(0, 300)}`)
    },
    (thrown) => thrown,
  )
  return { code: error.code, message: String(error.message), todo: error.todo }
}
