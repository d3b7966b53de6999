// Show the picture that a slider stands at, and its label.

function drclSlide(event) {
  const slider = event.currentTarget;
  const figure = slider.closest(".drcl-slider");
  const label = slider.dataset.labels.split("|")[slider.value];

  figure.querySelectorAll("img").forEach((picture, place) => {
    picture.style.display = place == slider.value ? "block" : "none";
  });
  figure.querySelector("output").textContent = label;
  // Screen readers say this instead of the slider's number.
  slider.setAttribute("aria-valuetext", label);
}
