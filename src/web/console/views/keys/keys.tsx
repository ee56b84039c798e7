import { useState } from 'preact/hooks'
import { type ApiKey, listApiKeys, revokeApiKey } from '../../api/api-keys'
import { Confirm } from '../../components/confirm'
import { Icon } from '../../components/icon'
import { Empty, Failure } from '../../components/notice'
import { Pager } from '../../components/pager'
import { useKeptFocus } from '../../hooks/use-kept-focus'
import { useLoad } from '../../hooks/use-load'
import type { Session } from '../../session/session'
import { KeyTable } from './key-table'
import { NewKey } from './new-key'

type Props = { session: Session; organization: string }

/** The API keys of an organization. */
export function Keys({ session, organization }: Props) {
  const [page, setPage] = useState(0)
  const [isMaking, setMaking] = useState(false)
  const [asked, setAsked] = useState<ApiKey | null>(null)
  const { value, error, isLoading, reload } = useLoad(
    () => listApiKeys(session, organization, page + 1),
    [session, organization, page],
  )
  useKeptFocus(value)
  const own = session.kind === 'member' ? session.keyId : null
  return (
    <section class="list" aria-label="API keys">
      <header class="list-head">
        <h2>API keys</h2>
        <button type="button" class="button primary" onClick={() => setMaking(true)}>
          <Icon name="plus" />
          New key
        </button>
      </header>
      <Failure error={error} retry={reload} />
      {value?.api_keys.length === 0 && (
        <Empty title="No keys yet">
          <p>Make the first one: the programs of the organization sign in with it.</p>
        </Empty>
      )}
      {value && value.api_keys.length > 0 && (
        <KeyTable keys={value.api_keys} own={own} askToRevoke={setAsked} />
      )}
      {value && value.pagination.pages > 1 && (
        <Pager
          at={page}
          hasNext={page + 1 < value.pagination.pages}
          isLoading={isLoading}
          summary={`Page ${value.pagination.page} of ${value.pagination.pages}`}
          go={setPage}
        />
      )}
      {isMaking && (
        <NewKey
          session={session}
          organization={organization}
          onMade={reload}
          onClose={() => setMaking(false)}
        />
      )}
      {asked && (
        <Confirm
          title="Revoke this key?"
          verb="Revoke"
          onClose={() => setAsked(null)}
          act={async () => {
            await revokeApiKey(session, asked.id)
            reload()
          }}
        >
          <p>
            What uses {asked.name ?? asked.key_prefix} is refused within 30 seconds, and for good.
            {asked.id === own && ' This is the key you are signed in with.'}
          </p>
        </Confirm>
      )}
    </section>
  )
}
