"""The settings of one home folder: knitwork.toml, then KNITWORK_ variables, then defaults."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from knitwork.journeys.kernel import JourneySettings
from knitwork.model.errors import BadDefinition
from knitwork.model.zones import is_zone


class Settings(BaseSettings):
    """What can be set. Unknown names in the file are refused."""

    model_config = SettingsConfigDict(env_prefix="KNITWORK_", extra="forbid", frozen=True)

    name: str = Field("The whole system", description="the macrosystem's name where no units.csv names one")
    tz: str | None = Field(
        None, description="IANA zone of units and feeds that name none; UTC, marked as assumed, if empty"
    )
    domain: str = Field("local", description="the identifier domain that the feeds share")
    visit_gap_hours: float = Field(24.0, gt=0, description="stays at most so far apart are one visit")
    journey_gap_days: float = Field(30.0, gt=0, description="visits at most so far apart are one journey")
    memory_mb: int = Field(1500, ge=256, description="memory that loading and refreshing may use, in megabytes")
    keep_seconds: float = Field(
        600.0, ge=0, description="how long files of old generations stay for questions under way"
    )
    invented: bool = Field(False, description="the records are invented, and walls say so")

    @field_validator("tz")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None and not is_zone(value):
            raise ValueError(f"{value!r} is not an IANA time zone such as Europe/Amsterdam")
        return value

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (env_settings, init_settings)

    @property
    def journeys(self) -> JourneySettings:
        return JourneySettings(
            visit_gap_h=self.visit_gap_hours,
            journey_gap_d=self.journey_gap_days,
            tz=self.tz or "UTC",
            domain=self.domain,
        )


def read_settings(home: Path) -> Settings:
    """Read the settings of a home folder; defaults where it has no knitwork.toml."""
    path = home / "knitwork.toml"
    try:
        values = tomllib.loads(path.read_text("utf-8")) if path.exists() else {}
        return Settings(**values)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadDefinition(f"{path} is not valid TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(p) for p in first["loc"])
        raise BadDefinition(f"{path}: {where}: {first['msg']}") from error


def starter(name: str, tz: str | None, *, invented: bool = False) -> str:
    """Return the text of a new knitwork.toml, every setting with its meaning."""
    lines = ["# Settings of this Knitwork home. Remove the # before a line to change it.", ""]
    for key, field in Settings.model_fields.items():
        lines.append(f"# {field.description}")
        given = {"name": name, "tz": tz, "invented": invented}.get(key)
        default = field.default
        if given is not None and given != default:
            lines.append(f"{key} = {_toml(given)}")
        else:
            lines.append(f"# {key} = {_toml('Europe/Amsterdam' if key == 'tz' else default)}")
        lines.append("")
    return "\n".join(lines)


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if isinstance(value, str) else str(value)
