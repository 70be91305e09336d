import type { LiveFrame } from "../../port/live.ts";
import { onSignedOut } from "./ask.ts";
import { Course } from "./course.ts";
import { Desk } from "./desk.ts";
import { byId, setAttributes, setText } from "./dom.ts";
import { History } from "./history.ts";
import { Live, type Link } from "./live.ts";
import { Refusals } from "./refusals.ts";
import { SignIn, type Session } from "./session.ts";
import { Timeline } from "./timeline.ts";
import { Verdict } from "./verdict.ts";

/** Ties the parts of the page: who looks, what comes, where it is shown. */
const signIn = new SignIn((session) => enter(session));
const may = (permission: string): boolean => signIn.may(permission);
const verdict = new Verdict();
const course = new Course(may);
const refusals = new Refusals();
const timeline = new Timeline();
const history = new History();
const desk = new Desk();
const live = new Live({ frame: show, link: showLink, doubt: () => signIn.check() });

function show(frame: LiveFrame): void {
  if (frame.frame === "events") {
    timeline.add(frame.events);
    return;
  }
  setAttributes(byId("view"), { hidden: false });
  verdict.update(frame.status);
  course.update(frame);
  refusals.update(frame.refusals, frame.status.atMilliseconds);
  history.update(frame);
  desk.update(frame, may);
}

function showLink(link: Link): void {
  setAttributes(byId("link"), { "data-link": link });
  setText(byId("link"), link === "live" ? "live" : "no connection; what you see is old");
}

function enter({ name, roles, permissions, endsMilliseconds }: Session): void {
  setText(byId("who"), `${name}, ${roles.join(" and ")}`);
  setAttributes(byId("sign-out"), { hidden: endsMilliseconds === null });
  for (const id of ["timeline", "refusals"])
    setAttributes(byId(id), { hidden: !permissions.includes("events.read") });
  if (permissions.includes("status.read")) live.start();
  else setText(byId("link"), `The role ${roles.join(" and ")} has nothing to see here.`);
}

onSignedOut(() => {
  live.stop();
  signIn.open();
});
byId("sign-out").addEventListener("click", () => void signIn.leave());
void signIn.check();
