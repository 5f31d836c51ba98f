// The frame: where one can go, whether the gate is heard, and the view that is meant.

import { useEffect, useRef, useState } from 'preact/hooks';
import { forgetSession, hasSession, login, remove } from './api.ts';
import { useLive } from './live.ts';
import { Notices, tell } from './parts/notices.tsx';
import { type Route, useRoute } from './route.ts';
import { applyTheme, chosenTheme, type Theme } from './theme.ts';
import { type View, views } from './views.ts';

/** The whole page. */
export function App() {
  const route = useRoute();
  const [isIn, setIn] = useState(hasSession());
  useEffect(() => {
    const onChange = () => setIn(hasSession());
    window.addEventListener('sessionchange', onChange);
    return () => window.removeEventListener('sessionchange', onChange);
  }, []);
  if (route.parts[0] === 'login') return <Login token={route.parts[1] ?? ''} />;
  return isIn ? <House route={route} /> : <Outside />;
}

function Login({ token }: { readonly token: string }) {
  const [trouble, setTrouble] = useState('');
  const begun = useRef(false);
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    login(token).then(
      // Replaced, so that the used token stands in no history.
      () => location.replace('#/now'),
      (error: Error) => setTrouble(error.message),
    );
  }, [token]);
  return (
    <main class="outside">
      <h1>Portcullis</h1>
      {trouble === '' ? <p role="status">Logging in…</p> : <p role="alert">{trouble}</p>}
      {trouble !== '' && hasSession() && <a href="#/now">You are logged in already</a>}
    </main>
  );
}

function Outside() {
  return (
    <main class="outside">
      <h1>Portcullis</h1>
      <p>You are not logged in. On the machine of the gate, this prints a link that works once:</p>
      <pre>portcullis dashboard</pre>
    </main>
  );
}

function House({ route }: { readonly route: Route }) {
  const view = views.find(({ path }) => path === (route.parts[0] ?? 'now')) ?? views[0]!;
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${view.name} – Portcullis`;
    if (isFirst.current) isFirst.current = false;
    else main.current?.focus();
  }, [view]);
  return (
    <div class="house">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the view
      </button>
      <Side view={view} />
      <main id="main" ref={main} tabIndex={-1}>
        <h1>{view.name}</h1>
        <view.Body route={route} />
      </main>
      <Notices />
    </div>
  );
}

function Side({ view }: { readonly view: View }) {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => setOpen(false), [view]);
  return (
    <header class="side">
      <div class="side-top">
        <span class="brand">Portcullis</span>
        <Heard />
        <button type="button" class="menu" aria-expanded={isOpen} aria-controls="nav" onClick={() => setOpen(!isOpen)}>
          Menu
        </button>
      </div>
      <div id="nav" class={isOpen ? 'side-more is-open' : 'side-more'}>
        <nav aria-label="Views">
          <ul>
            {views.map(({ path, name }) => (
              <li key={path}>
                <a href={`#/${path}`} aria-current={path === view.path ? 'page' : undefined}>
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="side-foot">
          <ThemeChoice />
          <button type="button" class="link" onClick={logout}>
            Log out
          </button>
        </div>
      </div>
    </header>
  );
}

function Heard() {
  const { state } = useLive();
  const words = { waiting: 'connecting', live: 'live', lost: 'not heard' } as const;
  return (
    <span class={`heard heard-${state}`} role="status">
      {words[state]}
    </span>
  );
}

function ThemeChoice() {
  const [theme, setTheme] = useState(chosenTheme());
  const choose = (next: Theme) => {
    setTheme(next);
    applyTheme(next);
  };
  return (
    <label class="theme">
      Theme
      <select value={theme} onChange={(event) => choose(event.currentTarget.value as Theme)}>
        <option value="system">as the system</option>
        <option value="light">light</option>
        <option value="dark">dark</option>
      </select>
    </label>
  );
}

async function logout(): Promise<void> {
  try {
    await remove('/session');
  } catch (error) {
    tell((error as Error).message, true);
  }
  forgetSession();
}
