import { useEffect } from 'preact/hooks'
import { useRoute } from './hooks/use-route'
import { useStore } from './hooks/use-store'
import { endSession, type Scope, type Session, sessionStore } from './session/session'
import { isOver, queueStore, stopAll } from './uploads/queue'
import { Files } from './views/files/files'
import { Grants } from './views/grants/grants'
import { forgetMadeGrants } from './views/grants/made-grants'
import { Keys } from './views/keys/keys'
import { Organizations } from './views/organizations/organizations'
import { Pending } from './views/pending/pending'
import { SignIn } from './views/sign-in'
import { UsageView } from './views/usage'

const memberViews = ['files', 'pending', 'usage', 'keys', 'grants'] as const
const rootViews = ['organizations'] as const
type View = (typeof memberViews | typeof rootViews)[number]

const viewNames: Readonly<Record<View, string>> = {
  files: 'Files',
  pending: 'Pending',
  usage: 'Usage',
  keys: 'Keys',
  grants: 'Grants',
  organizations: 'Organizations',
}

/** What a key must be allowed for a view; of files, a key that may only upload sees that part. */
const neededScopes: Partial<Record<View, Scope>> = {
  pending: 'files:read',
  keys: 'org:admin',
  grants: 'files:write',
}

/** The console: who is signed in, and the view that the address names. */
export function App() {
  const { session, reason } = useStore(sessionStore)
  const [name = '', detail = null] = useRoute()
  useWarningBeforeLeaving()
  useEffect(() => {
    if (session !== null) return
    stopAll()
    forgetMadeGrants()
  }, [session])
  if (session === null) {
    document.title = 'Slipway'
    return <SignIn reason={reason} />
  }
  const views: readonly View[] = session.kind === 'root' ? rootViews : memberViews
  const view = views.find((known) => known === name) ?? views[0] ?? 'files'
  document.title = `${viewNames[view]} · Slipway`
  return (
    <>
      <Header session={session} views={views} current={view} />
      <main id="main" tabIndex={-1}>
        <h1 class="hidden">{viewNames[view]}</h1>
        <CurrentView key={session.key} session={session} view={view} detail={detail} />
      </main>
    </>
  )
}

function Header({ session, views, current }: { session: Session; views: readonly View[]; current: View }) {
  return (
    <header class="top">
      <button type="button" class="skip button" onClick={() => document.getElementById('main')?.focus()}>
        Skip to the content
      </button>
      <strong class="brand">Slipway</strong>
      <nav aria-label="Views">
        {views.map((view) => (
          <a key={view} href={`#${view}`} aria-current={view === current ? 'page' : undefined}>
            {viewNames[view]}
          </a>
        ))}
      </nav>
      <span class="who">{session.kind === 'root' ? 'root key' : session.organizationId}</span>
      <button type="button" class="button plain" onClick={() => endSession()}>
        Sign out
      </button>
    </header>
  )
}

type ViewProps = { session: Session; view: View; detail: string | null }

function CurrentView({ session, view, detail }: ViewProps) {
  if (session.kind === 'root') return <Organizations session={session} opened={detail} />
  const needed = neededScopes[view]
  if (needed !== undefined && !session.scopes.includes(needed))
    return (
      <p class="notice">
        This needs a key with the scope {needed}. Yours has {session.scopes.join(', ')}.
      </p>
    )
  switch (view) {
    case 'pending':
      return <Pending member={session} />
    case 'usage':
      return <UsageView member={session} />
    case 'keys':
      return <Keys session={session} organization={session.organizationId} />
    case 'grants':
      return <Grants member={session} />
    default:
      return <Files member={session} opened={detail} />
  }
}

/** A page that is left stops its uploads, though they can be resumed. */
function useWarningBeforeLeaving(): void {
  const isBusy = useStore(queueStore).some((item) => !isOver(item))
  useEffect(() => {
    if (!isBusy) return
    const warn = (event: Event) => event.preventDefault()
    addEventListener('beforeunload', warn)
    return () => removeEventListener('beforeunload', warn)
  }, [isBusy])
}
