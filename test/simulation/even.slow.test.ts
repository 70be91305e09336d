import { holdScenarios } from "./scenarios.ts";

holdScenarios(0, 2);
