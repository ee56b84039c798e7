import type { ApiKey } from '../../api/api-keys'
import { Time } from '../../components/time'

type Props = {
  keys: readonly ApiKey[]
  /** The id of the key that is signed in; null for the root key. */
  own: string | null
  askToRevoke(key: ApiKey): void
}

/** Keys, one a row, never with their secrets. */
export function KeyTable({ keys, own, askToRevoke }: Props) {
  return (
    <table>
      <caption class="hidden">API keys, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col" class="wide">
            May
          </th>
          <th scope="col">State</th>
          <th scope="col" class="wide">
            Last use
          </th>
          <th scope="col" class="wide">
            Made
          </th>
          <th scope="col">
            <span class="hidden">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <tr key={key.id}>
            <th scope="row">
              <span class="name">
                <span>{key.name ?? 'without a name'}</span>
                <span class="type mono">{key.key_prefix}</span>
              </span>
            </th>
            <td class="wide">{key.scopes.join(', ')}</td>
            <td>
              <State apiKey={key} />
              {key.id === own && <span class="reason">You are signed in with it</span>}
            </td>
            <td class="wide">
              {key.last_used_at ? <Time at={key.last_used_at} /> : <span class="none">never</span>}
            </td>
            <td class="wide">
              <Time at={key.created_at} />
            </td>
            <td class="number">
              {key.revoked_at === null && (
                <button type="button" class="button danger" onClick={() => askToRevoke(key)}>
                  Revoke<span class="hidden"> {key.name ?? key.key_prefix}</span>
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function State({ apiKey }: { apiKey: ApiKey }) {
  const { revoked_at, expiration_date } = apiKey
  if (revoked_at !== null)
    return (
      <>
        <span class="badge error">Revoked</span> <Time at={revoked_at} />
      </>
    )
  if (expiration_date === null) return <span class="badge ready">Works</span>
  const isOver = Date.parse(expiration_date) <= Date.now()
  return (
    <>
      <span class={isOver ? 'badge failed' : 'badge ready'}>{isOver ? 'Expired' : 'Works, expires'}</span>{' '}
      <Time at={expiration_date} />
    </>
  )
}
