//! Rates of exchanges, as control reads and pins them.

use jiff::Timestamp;
use layer2_types::control;

use crate::context::ReadContext;
use crate::context::WriteContext;
use crate::generated::control::Rates;
use crate::payments::assets;
use crate::payments::assets::Asset;
use crate::payments::market;
use crate::payments::market::Pair;
use crate::payments::market::PinnedRate;
use crate::rejection::Problem;
use crate::rejection::Rejection;
use crate::rejection::code;
use crate::world::World;

impl Rates for World {
    fn rates_list(&self, cx: &ReadContext<'_>) -> Result<control::RateListReply, Rejection> {
        let rates: Result<Vec<_>, _> = Pair::all()
            .map(|pair| self.rate_on_wire(cx.now(), pair))
            .collect();
        Ok(control::RateListReply::new(control::RateList::new(rates?)))
    }

    fn rates_pin(
        &mut self,
        cx: &mut WriteContext<'_>,
        body: control::RatePinRequest,
    ) -> Result<control::RateReply, Rejection> {
        let source = assets::known(body.source_asset_type_id.as_str(), "/source_asset_type_id")?;
        let place = "/destination_asset_type_id";
        let destination = assets::known(body.destination_asset_type_id.as_str(), place)?;
        let pair = exchangeable(source, destination, place)?;
        let rate = PinnedRate::new(body.rate).ok_or_else(|| {
            Problem::new(code::RATE_OUT_OF_RANGE, "The rate cannot be pinned.")
                .at("/rate")
                .received(body.rate.to_string())
                .expected(market::rate_limits())
                .hint("It is told in units of the asset that is bought for one unit of the one that is sold.")
                .bad_request()
        })?;

        self.payments.market.pin(pair, rate);
        Ok(control::RateReply::new(self.rate_on_wire(cx.now(), pair)?))
    }

    fn rates_unpin(
        &mut self,
        cx: &mut WriteContext<'_>,
        source_asset_type_id: control::AssetTypeId,
        destination_asset_type_id: control::AssetTypeId,
    ) -> Result<control::RateReply, Rejection> {
        let source = assets::known(source_asset_type_id.as_str(), "source_asset_type_id")?;
        let place = "destination_asset_type_id";
        let destination = assets::known(destination_asset_type_id.as_str(), place)?;
        let pair = exchangeable(source, destination, place)?;

        self.payments.market.unpin(pair);
        Ok(control::RateReply::new(self.rate_on_wire(cx.now(), pair)?))
    }
}

impl World {
    fn rate_on_wire(&self, at: Timestamp, pair: Pair) -> Result<control::Rate, Rejection> {
        let market = &self.payments.market;
        let pinned = market.pinned(pair);
        let rate = match pinned {
            Some(rate) => Some(rate.get()),
            None => market
                .price(self.seed(), at, pair)
                .and_then(|price| price.rate(pair)),
        };
        let rate =
            rate.ok_or_else(|| Rejection::internal("A pair that can be exchanged has no rate."))?;
        let id =
            |asset: &Asset| control::AssetTypeId::new(asset.id).map_err(|_| Rejection::bad_id());
        Ok(control::Rate::new(
            id(pair.source)?,
            id(pair.destination)?,
            rate,
            pinned.is_some(),
        ))
    }
}

fn exchangeable(
    source: &'static Asset,
    destination: &'static Asset,
    place: &str,
) -> Result<Pair, Rejection> {
    Pair::of(source, destination)
        .ok_or_else(|| market::no_pair(source, destination).at(place).bad_request())
}
