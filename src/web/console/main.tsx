// The console at `/`: a page over the public API of the gateway that serves it.
import { render } from 'preact'
import { App } from './app'

const root = document.getElementById('console')
if (root !== null) render(<App />, root)
