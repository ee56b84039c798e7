// Shows /openapi.json in Swagger UI, with every operation ready to be tried. Credentials stay in this tab: a reload keeps
// them, another tab does not have them.
const place = 'slipway:reference'

/** Swagger UI itself would keep credentials in localStorage, for every tab and every day. */
const keepsCredentialsInTab = {
  statePlugins: {
    auth: {
      wrapActions: {
        persistAuthorizationIfNeeded: (_, system) => () =>
          sessionStorage.setItem(place, JSON.stringify(system.authSelectors.authorized())),
      },
    },
  },
}

/**
 * The document without examples of optional parameters. Swagger UI would fill each of them in, and send every POST under the
 * same Idempotency-Key.
 */
function withoutOptionalExamples(document) {
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
  const parameters = operations.flatMap(({ parameters = [] }) => parameters)
  for (const parameter of [...parameters, ...Object.values(document.components.parameters)])
    if (!parameter.required) delete parameter.example
  return document
}

/** `value` with what its references name, in the document. Those of /openapi.json are local and not circular. */
function resolved(value, document) {
  if (Array.isArray(value)) return value.map((item) => resolved(item, document))
  if (value === null || typeof value !== 'object') return value
  // Swagger UI takes the name of a schema from `$$ref`.
  if (value.$ref)
    return { ...resolved(partAt(value.$ref.split('/').slice(1), document), document), $$ref: value.$ref }
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, resolved(part, document)]))
}

const partAt = (path, document) => path.reduce((part, name) => part[name], document)

/** Swagger UI itself would go through the whole document, and all that it has resolved, for each operation that is opened. */
const resolvesWhatIsOpened = {
  statePlugins: {
    spec: {
      wrapActions: {
        requestResolvedSubtree: (_, system) => (path) => {
          const document = system.specSelectors.specJS()
          system.specActions.updateResolvedSubtree(path, resolved(partAt(path, document), document))
        },
      },
    },
  },
}

const answer = await fetch('/openapi.json')
const ui = SwaggerUIBundle({
  spec: withoutOptionalExamples(await answer.json()),
  dom_id: '#reference',
  deepLinking: true,
  docExpansion: 'list',
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  plugins: [keepsCredentialsInTab, resolvesWhatIsOpened],
  tryItOutEnabled: true,
  // Its own validator is on another host.
  validatorUrl: null,
})
const kept = sessionStorage.getItem(place)
if (kept) ui.authActions.restoreAuthorization({ authorized: JSON.parse(kept) })
