/**
 * The shell: the bar with the product, the open project and its pages, and the page itself. Pages
 * of a project are chunks of their own, loaded when they are first opened.
 */
import { Alert, Anchor, Button, Center, Loader, Text } from "@mantine/core";
import { Component, lazy, type ReactNode, Suspense, useEffect } from "react";
import { useConnection } from "./events.ts";
import { ProjectsPage } from "./pages/projects-page.tsx";
import { Failure } from "./panels/failure.tsx";
import { SchemeToggle } from "./panels/scheme-toggle.tsx";
import { useProject } from "./queries.ts";
import { HOME, hrefOf, type Route, TABS, type Tab, useRoute } from "./router.ts";

const DataPage = lazy(() => import("./pages/data-page.tsx"));
const DesignPage = lazy(() => import("./pages/design-page.tsx"));
const TrainPage = lazy(() => import("./pages/train-page.tsx"));
const ResultPage = lazy(() => import("./pages/result-page.tsx"));

const TAB_NAMES: { readonly [tab in Tab]: string } = {
  data: "Data",
  design: "Design",
  train: "Train",
  result: "Result",
};

export function App() {
  const route = useRoute();
  const connection = useConnection();
  return (
    <>
      <header className="bar">
        <div className="bar-inner">
          <a className="brand" href={HOME} aria-label="Tinsmith">
            <Anvil />
            <span className="brand-name">Tinsmith</span>
          </a>
          {route.page === "project" ? <ProjectBar route={route} /> : <div className="tabs" />}
          <SchemeToggle />
        </div>
      </header>
      <main className="page">
        {connection === "lost" && (
          <Alert color="orange" variant="light" mb="md" py="xs" role="status">
            The connection to the server is lost. Trying again…
          </Alert>
        )}
        <Guard key={placeOf(route)}>
          <Suspense fallback={<Waiting />}>
            <Page route={route} />
          </Suspense>
        </Guard>
      </main>
    </>
  );
}

/** What a page keeps its state for: opening another recording does not reset filters. */
const placeOf = (route: Route): string =>
  route.page === "project" ? `${route.project} ${route.tab}` : route.page;

function ProjectBar({ route }: { route: Extract<Route, { page: "project" }> }) {
  const { data } = useProject(route.project);
  const name = data?.name ?? "…";
  const tab = TAB_NAMES[route.tab];
  useEffect(() => {
    document.title = `${tab} · ${name} · Tinsmith`;
    return () => {
      document.title = "Tinsmith";
    };
  }, [tab, name]);
  return (
    <>
      <span className="crumb" title={name}>
        {name}
      </span>
      <nav className="tabs" aria-label="Pages of the project">
        {TABS.map((each) => (
          <a
            key={each}
            href={hrefOf(route.project, each)}
            aria-current={each === route.tab ? "page" : undefined}
          >
            {TAB_NAMES[each]}
          </a>
        ))}
      </nav>
    </>
  );
}

function Page({ route }: { route: Route }) {
  if (route.page === "projects") return <ProjectsPage />;
  if (route.page === "unknown") return <NotFound />;
  return <ProjectPage route={route} />;
}

function ProjectPage({ route }: { route: Extract<Route, { page: "project" }> }) {
  const project = useProject(route.project);
  if (project.error && !project.data)
    return <Failure error={project.error} onRetry={() => project.refetch()} />;
  if (!project.data) return <Waiting />;
  const props = { project: project.data, item: route.item };
  switch (route.tab) {
    case "data":
      return <DataPage {...props} />;
    case "design":
      return <DesignPage {...props} />;
    case "train":
      return <TrainPage {...props} />;
    case "result":
      return <ResultPage {...props} />;
  }
}

function NotFound() {
  return (
    <Center h={240}>
      <Text>
        There is no such page. <Anchor href={HOME}>All projects</Anchor>
      </Text>
    </Center>
  );
}

export function Waiting() {
  return (
    <Center h={240}>
      <Loader size="sm" aria-label="Loading" />
    </Center>
  );
}

/** Keeps a defect of one page, or a chunk that does not load, from blanking the whole window. */
class Guard extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <Alert color="red" variant="light" title="This page could not be shown">
        <Text size="sm" mb="sm">
          Part of it did not load, or holds something unexpected.
        </Text>
        <Button size="xs" variant="default" onClick={() => window.location.reload()}>
          Load again
        </Button>
      </Alert>
    );
  }
}

function Anvil() {
  return (
    <svg
      width="22"
      height="22"
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="2"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d="M3 7h18c0 4-3 6-7 6v2l3 4H8l3-4v-2C7 13 4 11 3 7Z" />
    </svg>
  );
}
