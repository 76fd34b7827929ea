// Answers gates without leaving the page. Without it, the form goes to the server, which does the same.
"use strict";
(() => {
  // An answer to a gate goes to Airflow itself, question by question; the card says what became of it.
  async function sendAnswer(event) {
    const form = event.target;
    if (form.dataset.answer === undefined) return;
    event.preventDefault();
    if (form.dataset.sent) return;
    const outcome = form.querySelector(".outcome");
    const say = (text, kind) => {
      outcome.className = `outcome notice ${kind}`;
      outcome.textContent = text;
    };
    const decision = event.submitter?.value;
    const given = new FormData(form);
    const stamps = [...given.getAll("question"), ...given.getAll("entry")];
    if (!stamps.length) return say("Tick the questions to answer.", "warning");
    const note = given.get("note").trim();
    const answer = note ? { note } : {};
    for (const field of decision === "approve" ? form.elements : []) {
      if (!field.name.startsWith("edit.") || field.value === startOf(field)) continue;
      try {
        answer[field.name.slice(5)] = field.dataset.json === undefined ? field.value : JSON.parse(field.value);
      } catch {
        field.focus();
        return say(`${field.labels[0].firstChild.textContent}: this is not a value in JSON.`, "danger");
      }
    }
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
    say("Sending…", "");
    const body = JSON.stringify({ chosen_options: [decision === "approve" ? "Approve" : "Reject"], params_input: answer });
    const failed = [];
    for (const stamp of stamps) {
      const [index, digest] = stamp.split(" ");
      const problem = await answerOne(`${form.dataset.answer}${index}/hitlDetails`, digest, body);
      if (problem) failed.push(stamps.length > 1 ? `Map index ${index}: ${problem}` : problem);
    }
    form.removeAttribute("aria-busy");
    if (failed.length) {
      delete form.dataset.sent;
      return say(failed.join(" "), "danger");
    }
    for (const field of form.elements) field.disabled = true;
    say(decision === "approve" ? "Approved: the run goes on." : "Rejected: the steps do not run.", "ok");
  }

  function startOf(field) {
    return field.options ? [...field.options].find((one) => one.defaultSelected)?.value : field.defaultValue;
  }

  // Returns why a question was not answered, or nothing. A question that changed since the page was made is not.
  async function answerOne(address, digest, body) {
    try {
      const asked = await fetch(address);
      if (asked.ok && !((await asked.json()).body ?? "").endsWith(`sha256 \`${digest}\``) && digest) {
        return "The question has changed since you opened the page. Load the page again and read it.";
      }
      const answer = await fetch(address, {
        method: "PATCH", headers: { "Content-Type": "application/json" }, body,
      });
      if (answer.ok) return "";
      const why = (await answer.json().catch(() => ({}))).detail;
      if (answer.status === 409) return "Somebody has answered it already. Load the page again.";
      if (answer.status === 401) return "You are signed out. Log in to Airflow and answer again.";
      return typeof why === "string" ? why : `Airflow refused the answer (${answer.status}).`;
    } catch {
      return "Airflow cannot be reached. Your answer may not have arrived: load the page again.";
    }
  }

  document.addEventListener("submit", sendAnswer);
})();
