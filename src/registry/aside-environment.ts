/** With the settings that reach an installer of Python packages. */
const passedOn =
  /^(PATH|HOME|TMPDIR|KEDGE_PYTHON|KEDGE_MODEL_HOSTS|PIP_.*|UV_.*|SSL_CERT_.*|REQUESTS_CA_BUNDLE|https?_proxy|no_proxy|HTTPS?_PROXY|NO_PROXY|XDG_.*)$/

/** What a process that runs models needs of the environment: no secrets. */
export const asideEnvironment = (all: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(all).filter(([name]) => passedOn.test(name))),
  LANG: 'C.UTF-8',
  TZ: 'UTC',
})
